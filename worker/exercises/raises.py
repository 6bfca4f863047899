"""Arms lifted against a load: lateral raise to shoulder height, shoulder press overhead."""

from __future__ import annotations

from worker.exercises.model import (
    Advice,
    Condition,
    Criterion,
    RepExercise,
    Signal,
)
from worker.exercises.texts import FULL_WAY, UPRIGHT, common


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_full_range", "range", 75.0, FULL_WAY),
        Advice(f"{exercise}_upright", "trunk", 50.0, UPRIGHT),
        *common(exercise),
    )


_CRITERIA = (
    Criterion("range", 0.4, good=0.95, bad=0.15),
    Criterion("symmetry", 0.15, good=0.08, bad=0.5, view="front"),
    Criterion("tempo", 0.15, good=0.7, bad=0.2),
    Criterion("smoothness", 0.15, good=0.0, bad=0.5),
    Criterion("trunk", 0.15, good=10.0, bad=35.0, feature="trunk_tilt", per_depth=True),
)

LATERAL_RAISE = RepExercise(
    id="lateral_raise",
    # Wrists from hanging to the height of the shoulders: an arm's length (0.332 of stature).
    signals=(
        Signal("wrist_over_shoulder", 0.32),
        Signal("elbow_over_shoulder", 0.18),
    ),
    conditions=(
        Condition("wrist_over_shoulder", "start", high=-0.05),
        Condition("wrist_over_shoulder", "turn", high=0.25),
        Condition("hip_height", "range", high=0.12),
    ),
    lowering="back",
    joints=("shoulder", "elbow", "wrist"),
    criteria=_CRITERIA,
    advice=_advice("lateral_raise"),
)

SHOULDER_PRESS = RepExercise(
    id="shoulder_press",
    # Hands from the shoulders to overhead, the elbows from hanging to beside the head.
    signals=(
        Signal("wrist_over_shoulder", 0.3),
        Signal("elbow_over_shoulder", 0.25),
        Signal("elbow_flexion", -100, weight=0.5),
    ),
    conditions=(
        Condition("wrist_over_shoulder", "turn", low=0.05),
        Condition("hip_height", "range", high=0.15),
    ),
    lowering="back",
    joints=("shoulder", "elbow", "wrist"),
    criteria=_CRITERIA,
    advice=_advice("shoulder_press"),
)
