"""What counting saw in a whole pose log, for people who look into it."""

from __future__ import annotations

from collections.abc import Iterable

from worker.contract.poses import LogHead, PoseChunk
from worker.exercises.model import RepExercise
from worker.motion.frames.frames import frames_of_log
from worker.motion.reps.counter import Counted, count
from worker.motion.reps.signals import Rows, SignalRows


def inspected(
    head: LogHead, chunks: Iterable[PoseChunk], exercise: RepExercise, difficulty: str = "normal"
) -> tuple[Rows, Counted]:
    """The rows of a log and what they show, all of it at once (of clips longer than two minutes
    messages know only parts)."""
    found = frames_of_log(head.media, chunks, upright=not exercise.lying)
    kept = SignalRows(exercise, found[1] if found else 1.0)
    if found:
        kept.add(found[0])
    rows = kept.rows(0, len(found[0].times_us) if found else 0)
    return rows, count(exercise, difficulty, rows)
