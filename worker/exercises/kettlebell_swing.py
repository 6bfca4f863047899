"""Kettlebell swing: the hips throw the bell from between the legs to the height of the chest."""

from __future__ import annotations

from worker.exercises.model import FEET_STAY, Condition, RepExercise, Signal

KETTLEBELL_SWING = RepExercise(
    id="kettlebell_swing",
    # Start pose is the hinge: trunk at 55 degrees, hands between the thighs below the hips; at the
    # turn the subject stands, the straight arms level at the shoulders (0.288 of stature over the
    # hips) or above.
    signals=(
        Signal("wrist_over_hip", 0.4),
        Signal("shoulder_over_hip", 0.11, weight=0.7),
        Signal("hip_flexion", -60, weight=0.7),
        Signal("wrist_height", 0.5, weight=0.5),
    ),
    conditions=(
        FEET_STAY,
        Condition("wrist_over_hip", "start", high=0.1),
        Condition("wrist_over_hip", "turn", low=0.05),
        Condition("shoulder_over_hip", "range", low=0.04),
    ),
    # hands from below the hips to well above them, from a hinge
    typical=(
        Condition("wrist_over_hip", "turn", low=0.15),
        Condition("wrist_over_hip", "start", high=0.02),
        Condition("shoulder_over_hip", "start", high=0.23),
    ),
    joints=("shoulder", "hip", "wrist"),
)
