"""Lunges: one leg steps out and bends, forwards or to the side; legs alternate or do not."""

from __future__ import annotations

from worker.exercises.model import (
    Advice,
    Condition,
    Criterion,
    RepExercise,
    Signal,
)
from worker.exercises.texts import LOWER, UPRIGHT, common


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_deeper", "range", 75.0, LOWER),
        Advice(f"{exercise}_upright", "trunk", 50.0, UPRIGHT),
        *common(exercise, ("tempo", "smoothness")),
    )


_LEGS = (
    Signal("deeper_knee_flexion", 90, weight=0.7),
    Signal("hip_over_ankle", -0.2),
    Signal("hip_height", -0.2, weight=0.5),
    Signal("shoulder_height", -0.2, weight=0.5),
)
_STANDING = (
    Condition("fold", "range", low=7),
    Condition("hip_over_ankle", "range", low=0.05),
    Condition("hip_height", "range", low=0.05),
    Condition("shoulder_over_ankle", "start", low=0.4),
    Condition("shoulder_over_hip", "start", low=0.1),
)

LUNGE = RepExercise(
    id="lunge",
    # The front thigh goes level: its knee bends by 90 degrees, the hips come down by most of a
    # thigh's length.
    signals=_LEGS,
    conditions=_STANDING,
    joints=("hip", "knee", "ankle"),
    criteria=(
        Criterion("range", 0.45, good=0.95, bad=0.15),
        Criterion("tempo", 0.1, good=0.5, bad=0.15),
        Criterion("smoothness", 0.2, good=0.0, bad=0.5),
        Criterion("trunk", 0.25, good=20.0, bad=55.0, feature="trunk_tilt", per_depth=True),
    ),
    advice=_advice("lunge"),
)

SIDE_LUNGE = RepExercise(
    id="side_lunge",
    # One knee bends, the other leg stays long; from the front the bent one points at the camera.
    signals=_LEGS,
    conditions=_STANDING,
    joints=("hip", "knee", "ankle"),
    criteria=(
        Criterion("range", 0.45, good=0.95, bad=0.15),
        Criterion("tempo", 0.1, good=0.5, bad=0.15),
        Criterion("smoothness", 0.2, good=0.0, bad=0.5),
        Criterion("trunk", 0.25, good=30.0, bad=65.0, feature="trunk_tilt", per_depth=True),
    ),
    advice=_advice("side_lunge"),
)
