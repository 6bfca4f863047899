"""What counting saw in a whole pose log, for people who look into it."""

from __future__ import annotations

from collections.abc import Iterable

from worker.contract.poses import LogHead, PoseChunk
from worker.exercises.model import RepExercise
from worker.motion.frames.blocks import Blocks
from worker.motion.frames.landmarks import coco_joints
from worker.motion.frames.smoothing import smoothed
from worker.motion.frames.span import Frames
from worker.motion.reps.counter import Counted, count
from worker.motion.reps.signals import Rows, SignalRows


def inspected(
    head: LogHead, chunks: Iterable[PoseChunk], exercise: RepExercise, difficulty: str = "normal"
) -> tuple[Rows, Counted]:
    """The rows of a log and what they show, all of it at once (of clips longer than two minutes
    messages know only parts)."""
    width, height = max(head.media.width, 1), max(head.media.height, 1)
    rows = SignalRows(exercise, head.media.rotation, width / height)
    blocks, end = Blocks(head.media.fps), 0
    for span in (*blocks.feed(*chunks), *blocks.finish()):
        window = coco_joints(span.joints)
        body, known = smoothed(span.times_us, window, span.inside, width, height)
        times = span.times_us[span.inside]
        rows.add(Frames(span.first, times, window[span.inside], body, known, span.blocks))
        end = span.first + len(times)
    found = rows.rows(0, end)
    return found, count(exercise, difficulty, found)
