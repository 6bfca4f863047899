"""A reference from the pose log of a clip that shows one clean rep.

The start pose is that of the clip's first moment, the extreme the pose farthest from it. What finds
the reps of a job also finds this one and trims the still start and end, so that a reference and the
reps that are measured by it begin and end alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from worker.contract.errors import ErrorCode, JobError
from worker.contract.poses import LogHead, PoseChunk
from worker.contract.reference_poses import ReferencePoses
from worker.exercises.model import RepExercise
from worker.motion.features.body_segments import Floats
from worker.motion.frames.frames import Frames, frames_of_log
from worker.motion.recognition.score import ranked
from worker.motion.reference.excursions import Excursion, ExcursionFinder
from worker.motion.reference.poses import Poses, limbs_of, poses_of, resampled
from worker.motion.reference.template import Axis

START_S = 0.2
"""Seconds at the beginning whose median pose is the start pose."""

LEAST_SIZE = 0.5
"""Least excursion of a rep, as a share of the farthest pose's distance."""

LEAST_MOVE = 0.15
"""Root mean square distance between start and extreme below which nothing has moved: about one
forearm that turns by 25 degrees, or twice what noise makes of a still body."""

LEAST_SCORE, RIVAL_SHARE = 0.4, 0.75
"""Least score of an exercise that a single rep is plainly of, and the most that the next may have
by it: of 132 reps of the bench's strangers (seen while choosing) 112 are named, 3 of them wrongly.
"""

FEWEST_FRAMES = 8
"""Of a clip with somebody in it, and of its rep."""


def reference_of(head: LogHead, chunks: Iterable[PoseChunk], name: str) -> ReferencePoses:
    """The one rep of a clip. Raises JobError: `no_person_detected`, or `invalid_parameter` where
    there is no clear rep or more than one.
    """
    frames = frames_of_log(head.media, chunks)
    if np.count_nonzero(frames.known) < FEWEST_FRAMES:
        raise JobError(ErrorCode.NO_PERSON_DETECTED, "No person was found in the clip.")
    seconds = np.asarray(frames.times_us[frames.known] * 1e-6, np.float64)
    limbs, seen = (values[frames.known] for values in limbs_of(frames.body))
    reps = _reps(seconds, poses_of(limbs, seen))
    if len(reps) != 1:
        raise _unclear(len(reps))
    rows = slice(reps[0].first, reps[0].last + 1)
    if rows.stop - rows.start < FEWEST_FRAMES:
        raise _unclear(0)
    return ReferencePoses(
        name=name,
        duration_ms=round(float(seconds[rows][-1] - seconds[rows][0]) * 1000, 1),
        limbs=resampled(seconds[rows], limbs[rows]).astype(np.float32),
        seen=resampled(seconds[rows], seen[rows]).astype(np.float32),
        exercise=_exercise(frames),
    )


def _unclear(found: int) -> JobError:
    text = "No clear repetition was found" if not found else f"{found} repetitions were found"
    return JobError(
        ErrorCode.INVALID_PARAMETER,
        f"{text}: the clip must show exactly one, from its start pose and back to it.",
        {"parameter": "input", "allowed": "a clip of one clean repetition", "found": found},
    )


def _exercise(frames: Frames) -> str | None:
    """The exercise that the one rep is of; None where another one explains it nearly as well: what
    is judged by the wrong measures is worse than what is not."""
    first, second = [*ranked(frames, "normal"), None, None][:2]
    if first is None or first.value < LEAST_SCORE or not isinstance(first.exercise, RepExercise):
        return None
    alone = second is None or second.value <= RIVAL_SHARE * first.value
    return first.exercise.id if alone else None


def _reps(seconds: Floats, poses: Poses) -> list[Excursion]:
    """The clear reps of a clip, by row."""
    start = np.median(poses.parts[seconds <= seconds[0] + START_S], axis=0)
    moved = poses.parts - start
    away = np.sqrt((moved**2 * poses.weights).sum(axis=1) / (poses.weights.sum(axis=1) + 1e-9))
    # the median of five frames: one wild frame is no extreme
    around = np.lib.stride_tricks.sliding_window_view(np.pad(away, 2, mode="edge"), 5)
    far = int(np.argmax(np.median(around, axis=1)))
    if away[far] < LEAST_MOVE:
        return []
    axis = Axis(start, moved[far], poses.weights.mean(axis=0))
    finder = ExcursionFinder(longest=float(seconds[-1] - seconds[0]) + 1)
    progress = zip(seconds.tolist(), axis.progress(poses).tolist(), strict=True)
    found = [finder.step(row, *moment) for row, moment in enumerate(progress)]
    return [one for one in found if one is not None and one.size >= LEAST_SIZE]
