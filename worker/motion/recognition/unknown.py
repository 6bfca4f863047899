"""An exercise made from the clip itself: the largest movement that repeats, whatever it is."""

from __future__ import annotations

import numpy as np

from worker.exercises.model import RepExercise, Signal
from worker.motion.features.body_segments import Floats
from worker.motion.frames.frames import Frames
from worker.motion.reps.signals import rows_of

UNKNOWN = "unknown"

LARGE = (
    Signal("knee_flexion", 90),
    Signal("hip_flexion", 90),
    Signal("elbow_flexion", 90),
    Signal("shoulder_over_hip", 0.2),
    Signal("hip_over_ankle", 0.2),
    Signal("elbow_over_shoulder", 0.2),
    Signal("wrist_over_shoulder", 0.3),
    Signal("wrist_over_hip", 0.4),
    Signal("knee_over_hip", 0.2),
)
"""What can move, and a large movement of it: a right angle, or about the limb's length (see
`measures.SEGMENTS`)."""

SEEN_WEIGHT = 0.3
"""Mean weight from which a measure can be followed."""

GOES_ALONG = 0.7
"""Correlation with the largest movement from which a measure goes along with it."""

MOST_SIGNALS = 3
"""Signals of the exercise."""

WALKS = 1.0
"""Statures that the hips go along the picture, from which the subject walks through it."""


def unknown_exercise(frames: Frames) -> RepExercise | None:
    """The exercise `unknown` of the frames; None where nothing was
    seen long enough, or the subject only walks through the picture."""
    every = RepExercise(UNKNOWN, LARGE, joints=("shoulder", "hip"))
    rows = rows_of(every, frames)
    if _travel(frames) >= WALKS * rows.size:
        return None
    values, weights = rows.values[:, 0], rows.weights[:, 0]
    ranges = [_range(one, weight) for one, weight in zip(values.T, weights.T, strict=True)]
    lead = int(np.argmax(ranges))
    if ranges[lead] <= 0:
        return None
    away = _direction(values[:, lead][weights[:, lead] >= SEEN_WEIGHT])
    goes = [_correlation(values, weights, lead, other) for other in range(len(LARGE))]
    order = sorted(range(len(LARGE)), key=lambda place: -abs(goes[place]) * ranges[place])
    signals = tuple(
        Signal(LARGE[place].measure, away * float(np.sign(goes[place])) * LARGE[place].full)
        for place in order[:MOST_SIGNALS]
        if abs(goes[place]) >= GOES_ALONG
    )
    # half of a large movement: a walk's steps bend knees and elbows by less
    return RepExercise(UNKNOWN, signals, joints=("shoulder", "hip"), least=0.5)


def _travel(frames: Frames) -> float:
    """How far the hips go along the picture, in frame heights."""
    across = frames.body.pair("hip")[0].mean(axis=1)[frames.known]
    return float(np.ptp(np.percentile(across, (5, 95)))) if len(across) else 0.0


def _range(values: Floats, weights: Floats) -> float:
    seen = values[weights >= SEEN_WEIGHT]
    if weights.mean() < SEEN_WEIGHT or len(seen) < 5:
        return 0.0
    low, high = np.percentile(seen, (5, 95))
    return float(high - low)


def _direction(values: Floats) -> float:
    """1 where the start pose, in which more time is spent, is the low end; else -1."""
    low, middle, high = np.percentile(values, (5, 50, 95))
    return 1.0 if middle - low <= high - middle else -1.0


def _correlation(values: Floats, weights: Floats, one: int, other: int) -> float:
    both = (weights[:, one] >= SEEN_WEIGHT) & (weights[:, other] >= SEEN_WEIGHT)
    if both.mean() < SEEN_WEIGHT or both.sum() < 5:
        return 1.0 if one == other else 0.0
    first, second = values[both, one], values[both, other]
    spread = float(first.std() * second.std())
    middle = float(((first - first.mean()) * (second - second.mean())).mean())
    return middle / spread if spread > 1e-9 else 0.0
