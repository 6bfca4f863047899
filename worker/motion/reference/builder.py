"""A reference from the pose log of a clip that shows one clean rep.

The start pose is that of the clip's first moment, the extreme the pose farthest from it. The rep
machine that counts reps also finds this one and trims the still start and end, so that a reference
and the reps that are measured by it begin and end alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from worker.contract.errors import ErrorCode, JobError
from worker.contract.poses import LogHead, PoseChunk
from worker.contract.reference_poses import LIMBS, ReferencePoses
from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.frames.blocks import Blocks, Span
from worker.motion.frames.landmarks import coco_joints
from worker.motion.frames.smoothing import smoothed
from worker.motion.frames.span import Frames, joined
from worker.motion.recognition.score import View, ranked
from worker.motion.reference.features import limbs_of, vectors
from worker.motion.reference.state_machine import CEILING, FLOOR, Cycle, RepStateMachine
from worker.motion.reference.template import resampled

SETTLED = 0.2
"""Seconds at the beginning whose median pose is the start pose."""

CLEAR = 0.5
"""Least excursion of a rep, as a share of the farthest pose's distance."""

MOVED = 0.15
"""Root mean square distance between start and extreme below which nothing has moved: about one
forearm that turns by 25 degrees, or twice what noise makes of a still body."""

PLAINLY, RIVAL = 0.4, 0.75
"""Least score of an exercise that a single rep is plainly of, and the most that the next may have
by it: of 132 reps of the bench's strangers (seen while choosing) 112 are named, 3 of them wrongly.
"""

LEAST_FRAMES = 8


def reference_of(head: LogHead, chunks: Iterable[PoseChunk], name: str) -> ReferencePoses:
    """The one rep of a clip. Raises JobError: `no_person_detected`, or `invalid_parameter` where
    there is no clear rep or more than one.
    """
    frames = _frames(head, chunks)
    if frames is None or np.count_nonzero(frames.known) < LEAST_FRAMES:
        raise JobError(ErrorCode.NO_PERSON_DETECTED, "No person was found in the clip.")
    seconds = np.asarray(frames.times_us[frames.known] * 1e-6, np.float64)
    limbs, seen = (values[frames.known] for values in limbs_of(frames.body))
    progress = _progress(seconds, limbs, seen)
    cycles = _cycles(seconds, progress) if progress is not None else []
    if len(cycles) != 1:
        raise _unclear(len(cycles))
    rows = slice(cycles[0].start, cycles[0].end + 1)
    if rows.stop - rows.start < LEAST_FRAMES:
        raise _unclear(0)
    flat = np.concatenate((limbs.reshape(len(limbs), -1), seen), axis=1)
    even = resampled(seconds[rows], flat[rows]).astype(np.float32)
    split = 2 * len(LIMBS)
    return ReferencePoses(
        name=name,
        duration_ms=round(float(seconds[rows][-1] - seconds[rows][0]) * 1000, 1),
        limbs=even[:, :split].reshape(len(even), len(LIMBS), 2),
        seen=even[:, split:],
        exercise=_exercise(head, frames),
    )


def _unclear(found: int) -> JobError:
    text = "No clear repetition was found" if not found else f"{found} repetitions were found"
    return JobError(
        ErrorCode.INVALID_PARAMETER,
        f"{text}: the clip must show exactly one, from its start pose and back to it.",
        {"parameter": "input", "allowed": "a clip of one clean repetition", "found": found},
    )


def _frames(head: LogHead, chunks: Iterable[PoseChunk]) -> Frames | None:
    """All frames of the clip; None of an empty one."""
    width, height = max(head.media.width, 1), max(head.media.height, 1)
    parts: list[Frames] = []
    for span in _spans(Blocks(head.media.fps), chunks):
        window = coco_joints(span.joints)
        body, known = smoothed(span.times_us, window, span.inside, width, height)
        times, joints = span.times_us[span.inside], window[span.inside]
        parts.append(Frames(span.first, times, joints, body, known, span.blocks))
    return joined(parts) if parts else None


def _spans(blocks: Blocks, chunks: Iterable[PoseChunk]) -> Iterator[Span]:
    for chunk in chunks:
        yield from blocks.feed(chunk)
    yield from blocks.finish()


def _exercise(head: LogHead, frames: Frames) -> str | None:
    """The exercise that the one rep is of; None where another one explains it nearly as well: what
    is judged by the wrong measures is worse than what is not."""
    media = head.media
    aspect = max(media.width, 1) / max(media.height, 1)
    first, second = [*ranked(frames, "normal", View(media.rotation, aspect)), None, None][:2]
    if first is None or first.value < PLAINLY or not isinstance(first.exercise, RepExercise):
        return None
    alone = second is None or second.value <= RIVAL * first.value
    return first.exercise.id if alone else None


def _progress(seconds: Floats, limbs: Floats, seen: Floats) -> Floats | None:
    """Progress [n] from the start pose to the extreme; None where nothing has moved."""
    poses, weights = vectors(limbs, seen)
    start = np.median(poses[seconds <= seconds[0] + SETTLED], axis=0)
    moved = poses - start
    away = np.sqrt((moved**2 * weights).sum(axis=1) / (weights.sum(axis=1) + 1e-9))
    far = int(np.argmax(_median_of_five(away)))
    if away[far] < MOVED:
        return None
    worth = weights * weights.mean(axis=0)
    along = (worth * moved) @ moved[far] / np.maximum(worth @ moved[far] ** 2, 1e-6)
    return np.asarray(np.clip(along, FLOOR, CEILING), np.float64)


def _median_of_five(values: Floats) -> Floats:
    """Each value's median with two neighbours to either side: one wild frame is no extreme."""
    padded = np.pad(values, 2, mode="edge")
    window = np.lib.stride_tricks.sliding_window_view(padded, 5)
    return np.asarray(np.median(window, axis=1), np.float64)


def _cycles(seconds: Floats, progress: Floats) -> list[Cycle]:
    """The clear reps of a clip, by row."""
    machine = RepStateMachine(float(seconds[-1] - seconds[0]) + 1)
    cycles = []
    for row, (time, value) in enumerate(zip(seconds.tolist(), progress.tolist(), strict=True)):
        cycle = machine.step(row, time, value)
        if cycle is not None and cycle.excursion >= CLEAR:
            cycles.append(cycle)
    return cycles
