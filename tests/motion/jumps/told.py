"""What an analysis tells of jumps, in short."""

from __future__ import annotations

from tests.synthetic.analysis import entries_of
from tests.synthetic.jumps import JumpScript, JumpTruth, perform_jumps
from tests.synthetic.perform import Script
from worker.contract.jump_messages import JumpDiscarded, JumpHeight
from worker.contract.messages import Entry, ExerciseSummary
from worker.contract.options import JobOptions

AIR = JobOptions(exercise="air_time_jump")
HIPS = JobOptions(exercise="jump_analysis", userHeightCm=175.0)
CLEAN = JumpScript((0.3,), seen=Script(noise=0.004))


def finals(entries: list[Entry]) -> list[JumpHeight]:
    """The messages with the final height of each jump."""
    said = [e.message for e in entries if isinstance(e.message, JumpHeight)]
    return [message for message in said if message.final]


def warnings(entries: list[Entry]) -> tuple[str, ...]:
    """The codes in the summary."""
    return next(e.message.warnings for e in entries if isinstance(e.message, ExerciseSummary))


def heights(entries: list[Entry]) -> list[float | None]:
    """Final heights in cm, in order."""
    return [message.jumpHeightCm for message in finals(entries)]


def discarded(entries: list[Entry]) -> list[str]:
    return [e.message.reason for e in entries if isinstance(e.message, JumpDiscarded)]


def measured(script: JumpScript, options: JobOptions = AIR) -> tuple[list[float], list[JumpTruth]]:
    head, chunk, truths = perform_jumps(script)
    return heights(entries_of(head, [chunk], options)[0]), truths
