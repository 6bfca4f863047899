"""Arms lifted against a load: raised to shoulder height sideways or forwards, pressed overhead."""

from __future__ import annotations

from worker.exercises.model import FEET_STAY, Condition, RepExercise, Signal

LATERAL_RAISE = RepExercise(
    id="lateral_raise",
    # Wrists from hanging to the height of the shoulders: an arm's length (0.332 of stature).
    signals=(
        Signal("wrist_over_shoulder", 0.32),
        Signal("elbow_over_shoulder", 0.18),
    ),
    conditions=(
        FEET_STAY,
        Condition("wrist_over_shoulder", "start", high=0.0),
        Condition("wrist_over_shoulder", "turn", high=0.25),
        Condition("hip_height", "range", high=0.12),
    ),
    # Straight arms go apart: both hands by more than the mean (geometric) of the shoulders' width
    # (0.23 of stature) and the arms' span (0.85 between the wrists).
    typical=(
        Condition("wrist_spread", "turn", low=0.44),
        Condition("elbow_over_shoulder", "range", low=0.1),
        Condition("shoulder_height", "range", high=0.08),
        Condition("elbow_flexion", "range", high=60),
    ),
    sides="each",
    joints=("shoulder", "elbow", "wrist"),
)

FRONT_RAISE = RepExercise(
    id="front_raise",
    # The same height, to the front; both arms, one, or in turn.
    signals=LATERAL_RAISE.signals,
    conditions=(
        *LATERAL_RAISE.conditions,
        Condition("shoulder_height", "range", high=0.12),
        # A curl lifts the hands as high, but not the elbows.
        Condition("elbow_over_shoulder", "range", low=0.05),
        # To the front the hands stay within both shoulders' width and half an arm to each side.
        Condition("wrist_spread", "turn", high=0.6),
    ),
    # straight arms stay together
    typical=(
        Condition("wrist_spread", "turn", high=0.44),
        Condition("elbow_over_shoulder", "range", low=0.1),
        Condition("elbow_flexion", "range", high=60),
    ),
    sides="each",
    joints=("shoulder", "elbow", "wrist"),
)

SHOULDER_PRESS = RepExercise(
    id="shoulder_press",
    # Hands from the shoulders to overhead, the elbows from hanging to beside the head.
    signals=(
        Signal("wrist_over_shoulder", 0.3),
        Signal("elbow_over_shoulder", 0.25),
        Signal("elbow_flexion", -100, weight=0.5),
    ),
    conditions=(
        FEET_STAY,
        Condition("higher_wrist_over_shoulder", "turn", low=0.05),
        Condition("hip_height", "range", high=0.15),
    ),
    # from the shoulders of an upright trunk
    typical=(
        Condition("wrist_over_shoulder", "start", low=-0.15),
        Condition("elbow_flexion", "start", low=50),
        Condition("wrist_over_shoulder", "turn", low=0.15),
    ),
    sides="each",
    joints=("shoulder", "elbow", "wrist"),
)
