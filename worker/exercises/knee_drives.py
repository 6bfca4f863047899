"""Knees driven up in turn, standing or on the hands; a rep counts at the top of each drive."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

HIGH_KNEES = RepExercise(
    id="high_knees",
    # One knee rises to the hip: by nearly a thigh's length (0.245 of stature) over the other.
    signals=(
        Signal("knee_step", 0.2),
        Signal("ankle_step", 0.2, weight=0.5),
        Signal("higher_knee_over_hip", 0.2),
    ),
    conditions=(
        # upright
        Condition("shoulder_over_hip", "turn", low=0.1),
        Condition("hip_height", "range", high=0.15),
        Condition("knee_step", "turn", low=0.05),
    ),
    typical=(Condition("knee_step", "turn", low=0.1),),
    # the thigh 50 degrees from upright; a walk's swings to 30 and lifts the knee a third as high
    least=0.45,
    leading="knee_over_hip",
    joints=("hip", "knee", "ankle"),
    counted="turn",
)

MOUNTAIN_CLIMBER = RepExercise(
    id="mountain_climber",
    # One thigh goes from the line of the body to under the chest; the other one stays long.
    signals=(
        Signal("hip_flexion_difference", 70),
        Signal("knee_gap", 0.2, weight=0.7),
        Signal("deeper_hip_flexion", 80, weight=0.3),
    ),
    conditions=(
        Condition("shoulder_over_hip", "turn", high=0.24),
        Condition("hip_over_ankle", "turn", high=0.38),
    ),
    # hands on the floor all the time, one thigh under the chest
    typical=(
        Condition("wrist_over_ankle", "start", high=0.2),
        Condition("hip_over_wrist", "start", low=0.08),
        Condition("hip_flexion_difference", "turn", low=40),
        Condition("shoulder_height", "range", high=0.12),
    ),
    lying=True,
    leading="hip_flexion",
    joints=("shoulder", "hip", "knee"),
    counted="turn",
)
