"""Push-up: on hands and feet (or knees), chest to the floor and back to straight arms."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

PUSH_UP = RepExercise(
    id="push_up",
    # The shoulders come down to the hands by an upper arm's length (0.186 of stature), the elbows
    # bend to 90 degrees.
    signals=(
        Signal("shoulder_over_wrist", -0.18),
        Signal("elbow_flexion", 90, weight=0.7),
        Signal("shoulder_height", -0.18, weight=0.7),
    ),
    conditions=(
        Condition("shoulder_height", "range", low=0.06),
        # the hands stay, or clap under the chest; in a sit-up they move with the head
        Condition("wrist_height", "range", high=0.15),
    ),
    # a level trunk over hands that stay
    typical=(
        Condition("shoulder_over_hip", "start", high=0.22),
        Condition("wrist_height", "range", high=0.08),
        Condition("hip_over_ankle", "start", high=0.4),
    ),
    lying=True,
    joints=("shoulder", "wrist"),
)
