"""Jumping jack, and its low-impact form that steps to the side instead of jumping."""

from __future__ import annotations

from dataclasses import replace

from worker.exercises.model import Condition, RepExercise, Signal

JUMPING_JACK = RepExercise(
    id="jumping_jack",
    # Straight arms go up by their length twice but for the last 30 degrees, the feet from hip width
    # to more than shoulder width.
    signals=(
        Signal("wrist_over_shoulder", 0.55),
        Signal("elbow_over_shoulder", 0.3, weight=0.7),
        Signal("ankle_spread", 0.25, weight=0.7),
    ),
    conditions=(
        Condition("wrist_over_shoulder", "range", low=0.2),
        Condition("wrist_over_shoulder", "turn", low=0.05),
        Condition("hip_height", "range", high=0.2),
    ),
    # from hanging arms, feet apart
    typical=(
        Condition("wrist_over_shoulder", "start", high=-0.1),
        Condition("wrist_over_shoulder", "turn", low=0.1),
        Condition("ankle_spread", "range", low=0.12),
    ),
    joints=("shoulder", "elbow", "wrist"),
)

LOW_IMPACT_JACK = replace(JUMPING_JACK, id="low_impact_jack")
