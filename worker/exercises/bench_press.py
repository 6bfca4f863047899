"""Bench press: on the back, the bar from straight arms to the chest and up again."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

BENCH_PRESS = RepExercise(
    id="bench_press",
    # The hands come down from an arm's length (0.332 of stature) over the shoulders to the chest,
    # which is half a head over them; the elbows bend to 90 degrees.
    signals=(
        Signal("wrist_over_shoulder", -0.24),
        Signal("elbow_flexion", 90, weight=0.7),
        Signal("elbow_over_shoulder", -0.2, weight=0.7),
    ),
    conditions=(
        Condition("wrist_over_shoulder", "start", low=0.1),
        Condition("shoulder_over_hip", "start", high=0.25),
    ),
    # hips still
    typical=(Condition("hip_height", "range", high=0.05),),
    lying=True,
    joints=("shoulder", "elbow", "wrist"),
)
