"""Sit-up: on the back, knees bent, the trunk up to the thighs and down again."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

SIT_UP = RepExercise(
    id="sit_up",
    # The trunk (0.288 of stature) goes from the floor to 60 degrees, its length times 0.87; the
    # hips bend by as much. A crunch lifts the shoulder blades alone: a third of the way.
    signals=(
        Signal("shoulder_over_hip", 0.25),
        Signal("hip_flexion", 60, weight=0.7),
        Signal("shoulder_height", 0.25, weight=0.5),
    ),
    conditions=(
        # on the floor, or on a bench: the hips are as low as the feet, and stay
        Condition("shoulder_over_hip", "start", high=0.15),
        Condition("hip_over_ankle", "start", high=0.2),
        Condition("shoulder_height", "range", low=0.08),
        Condition("hip_flexion", "range", low=20),
    ),
    # hips on the floor, the trunk comes up
    typical=(
        Condition("hip_over_ankle", "start", high=0.12),
        Condition("shoulder_over_hip", "turn", low=0.15),
        Condition("hip_flexion", "start", low=20),
    ),
    lying=True,
    joints=("shoulder", "hip", "knee"),
)
