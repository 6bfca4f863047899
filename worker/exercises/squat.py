"""Squat: hips down between the knees and up again, feet in place."""

from __future__ import annotations

from worker.exercises.model import FEET_STAY, Condition, RepExercise, Signal

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
        FEET_STAY,
        # thighs lean by 30 degrees and more: true squats show 0.72 at most, walks 0.88 at least
        Condition("thigh_share", "turn", high=0.87),
        Condition("hip_over_ankle", "range", low=0.05),
        Condition("hip_height", "range", low=0.04),
        # lying is 0, standing 0.8, a third of it where the camera looks down steeply
        Condition("shoulder_over_ankle", "start", low=0.2),
        Condition("shoulder_over_hip", "start", low=0.1),
    ),
    # knees side by side, the trunk not level, the hips well down, the hands nowhere near the feet
    typical=(
        Condition("knee_step", "turn", high=0.1),
        Condition("shoulder_over_hip", "turn", low=0.13),
        Condition("hip_over_ankle", "range", low=0.1),
        Condition("wrist_over_ankle", "start", low=0.3),
    ),
    joints=("hip", "knee", "ankle"),
)
