"""Deadlift: the trunk bends to the load and stands up with it; a rep ends in the lockout."""

from __future__ import annotations

from worker.exercises.model import Advice, Condition, Criterion, RepExercise, Signal
from worker.exercises.texts import FULL_WAY, common

DEADLIFT = RepExercise(
    id="deadlift",
    # The trunk goes from upright to 60 degrees of lean, where its height is half its length (0.288
    # of stature), and the hands down to the shins.
    signals=(
        Signal("shoulder_over_hip", -0.15),
        Signal("hip_flexion", 70, weight=0.7),
        Signal("wrist_over_ankle", -0.3, weight=0.7),
        Signal("shoulder_height", -0.25, weight=0.5),
    ),
    conditions=(
        Condition("fold", "range", low=7),
        Condition("shoulder_over_ankle", "start", low=0.4),
        Condition("shoulder_over_hip", "range", low=0.05),
    ),
    joints=("shoulder", "hip"),
    criteria=(
        Criterion("range", 0.5, good=0.95, bad=0.15),
        Criterion("tempo", 0.15, good=0.4, bad=0.1),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion("arms", 0.2, good=160.0, bad=120.0, feature="elbow_angle", measure="mean"),
    ),
    advice=(
        Advice("deadlift_full_range", "range", 75.0, FULL_WAY),
        Advice(
            "deadlift_straight_arms",
            "arms",
            50.0,
            {
                "en": "Keep your arms straight.",
                "fr": "Gardez les bras tendus.",
                "de": "Lass die Arme gestreckt.",
                "es": "Mantén los brazos estirados.",
                "pt": "Mantenha os braços esticados.",
            },
        ),
        *common("deadlift", ("tempo", "smoothness")),
    ),
)
