"""Squat: hips down between the knees and up again, feet in place."""

from __future__ import annotations

from worker.exercises.model import (
    Advice,
    Condition,
    Criterion,
    RepExercise,
    Signal,
)
from worker.exercises.texts import LOWER, common

SQUAT = RepExercise(
    id="squat",
    # A squat to level thighs bends the knees by 90 degrees and brings the hips down by nearly a
    # thigh's length (0.245 of stature).
    signals=(
        Signal("knee_flexion", 90),
        Signal("hip_over_ankle", -0.22),
        Signal("hip_height", -0.22, weight=0.5),
        Signal("shoulder_height", -0.3, weight=0.3),
    ),
    conditions=(
        Condition("fold", "range", low=7),
        Condition("hip_over_ankle", "range", low=0.05),
        Condition("hip_height", "range", low=0.04),
        Condition("shoulder_over_ankle", "start", low=0.4),
        Condition("shoulder_over_hip", "start", low=0.1),
    ),
    joints=("hip", "knee", "ankle"),
    criteria=(
        Criterion("range", 0.4, good=0.95, bad=0.15),
        Criterion("symmetry", 0.15, good=0.08, bad=0.5, view="front"),
        Criterion("tempo", 0.1, good=0.7, bad=0.2),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion(
            "trunk",
            0.2,
            good=45.0,
            bad=80.0,
            feature="trunk_tilt",
            measure="max",
            per_depth=True,
            view="side",
        ),
    ),
    advice=(
        Advice(
            "squat_deeper",
            "range",
            75.0,
            LOWER,
        ),
        Advice(
            "squat_chest_up",
            "trunk",
            50.0,
            {
                "en": "Keep your chest up.",
                "fr": "Gardez le buste droit.",
                "de": "Halte die Brust aufrecht.",
                "es": "Mantén el pecho erguido.",
                "pt": "Mantenha o peito erguido.",
            },
        ),
        *common("squat"),
    ),
)
