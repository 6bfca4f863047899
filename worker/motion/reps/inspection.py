"""What counting saw in a whole pose log, for people who look into it."""

from __future__ import annotations

from collections.abc import Iterable

from worker.contract.poses import LogHead, PoseChunk
from worker.exercises.model import RepExercise
from worker.motion.frames.frames import frames_of_log
from worker.motion.reps.counter import Counted, count
from worker.motion.reps.signals import Rows, rows_of


def inspected(
    head: LogHead, chunks: Iterable[PoseChunk], exercise: RepExercise, difficulty: str = "normal"
) -> tuple[Rows, Counted]:
    """The rows of a log and what they show, all of it at once (of clips longer than two minutes
    messages know only parts)."""
    frames = frames_of_log(head.media, chunks, upright=not exercise.lying)
    rows = rows_of(exercise, frames)
    return rows, count(exercise, difficulty, rows)
