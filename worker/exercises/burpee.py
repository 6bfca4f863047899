"""Burpee: from standing down to a plank, and up again; a push-up or a jump in it or not."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

BURPEE = RepExercise(
    id="burpee",
    # Standing shoulders are 0.779 of stature over the ankles, in a plank an arm's length (0.332)
    # over the hands at most; the hips come down by half a leg, the trunk goes level.
    signals=(
        Signal("shoulder_over_ankle", -0.5),
        Signal("hip_over_ankle", -0.3, weight=0.7),
        Signal("shoulder_over_hip", -0.22, weight=0.7),
        Signal("shoulder_height", -0.5, weight=0.7),
    ),
    conditions=(
        Condition("shoulder_over_ankle", "start", low=0.4),
        Condition("shoulder_height", "range", low=0.3),
        Condition("shoulder_over_hip", "range", low=0.1),
        Condition("wrist_over_ankle", "turn", high=0.25),
    ),
    # hands on the floor at the turn
    typical=(
        Condition("wrist_over_ankle", "turn", high=0.2),
        Condition("shoulder_over_hip", "start", low=0.2),
    ),
    joints=("shoulder", "hip", "knee"),
)
