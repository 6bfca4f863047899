"""References made from performances, and performances measured by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.synthetic.analysis import entries_of
from tests.synthetic.perform import Camera, Script, perform, split
from worker.contract.jobs import Result
from worker.contract.messages import Entry, ExerciseSummary
from worker.contract.options import JobOptions
from worker.contract.reference_poses import ReferencePoses, decode_reference, encode_reference
from worker.motion.reference.builder import reference_of

IN_TURN = ("lunge", "high_knees")
"""Movements of one leg at a time."""


def script_of(move: str, reps: int, yaw: float = 0.0, **more: Any) -> Script:
    """A performance with mild noise."""
    camera = Camera(yaw=yaw, height=0.6 if move == "push_up" else 1.0)
    values: dict[str, Any] = {
        "depths": (1.0,) * reps, "noise": 0.006, "alternate": move in IN_TURN, "camera": camera,
    }  # fmt: skip
    return Script(move=move, **(values | more))


def reference(script: Script) -> ReferencePoses:
    """The reference that a performance of one rep gives, as it comes back from its bytes."""
    head, chunk = perform(replace(script, seed=script.seed + 50))
    return decode_reference(encode_reference(reference_of(head, [chunk], "coach")))


def measured(
    poses: ReferencePoses, script: Script, sizes: list[int] | None = None, **options: Any
) -> tuple[list[Entry], Result, ExerciseSummary]:
    """Everything a job says of a performance against a reference, its result and its summary."""
    head, chunk = perform(script)
    chosen = JobOptions(reference="ref_1", **options)
    entries, analysis = entries_of(head, split(chunk, sizes or []), chosen, poses)
    summary = next(e.message for e in entries if isinstance(e.message, ExerciseSummary))
    return entries, analysis.result, summary
