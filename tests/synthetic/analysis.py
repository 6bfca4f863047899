"""Runs a performance through the motion room."""

from __future__ import annotations

from typing import Any

from tests.synthetic.perform import Script, perform, split
from worker.contract.message_parts import Rep
from worker.contract.messages import Entry, ExerciseSummary
from worker.contract.options import JobOptions
from worker.contract.poses import LogHead, PoseChunk
from worker.contract.reference_poses import ReferencePoses
from worker.motion.analysis import Analysis


def entries_of(
    head: LogHead,
    chunks: list[PoseChunk],
    options: JobOptions,
    reference: ReferencePoses | None = None,
) -> tuple[list[Entry], Analysis]:
    """Everything an analysis says of a pose log, and the analysis."""
    analysis = Analysis(head, options, reference)
    said = analysis.start()
    for chunk in chunks:
        said += analysis.feed(chunk)
    return said + analysis.finish(), analysis


def analyse(
    script: Script, exercise: str | None = None, sizes: list[int] | None = None, **options: Any
) -> tuple[list[Entry], Analysis]:
    """Everything an analysis says of a performance; `sizes` are those of its chunks."""
    head, chunk = perform(script)
    chosen = JobOptions(exercise=exercise or script.move, **options)
    return entries_of(head, split(chunk, sizes or []), chosen)


def reps_of(script: Script, exercise: str | None = None, **options: Any) -> tuple[Rep, ...]:
    """The attempts in the summary of a performance."""
    entries, _ = analyse(script, exercise, **options)
    return next(e.message.history for e in entries if isinstance(e.message, ExerciseSummary))
