"""Deadlift: the trunk bends to the load and stands up with it; a rep ends in the lockout."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

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
        # who comes nearer and goes away bends nothing
        Condition("fold", "range", low=7),
        Condition("shoulder_over_ankle", "start", low=0.3),
        # hands that hang reach below the knees where the trunk (0.288 of stature) leans by 50
        # degrees; it seems to bob by 0.07 in a walk towards the camera, true ones show 0.16
        Condition("shoulder_over_hip", "range", low=0.1),
    ),
    # straight arms hang from a trunk that leans far, the hips stay high
    typical=(
        Condition("shoulder_over_hip", "turn", high=0.22),
        Condition("wrist_over_shoulder", "range", high=0.15),
        Condition("wrist_over_ankle", "turn", high=0.3),
        Condition("hip_over_ankle", "turn", low=0.27),
        Condition("shoulder_over_ankle", "start", low=0.6),
    ),
    joints=("shoulder", "hip"),
)
