"""Glute bridge, leg raise, triceps dip: on the back or a bench, seen from the side."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

GLUTE_BRIDGE = RepExercise(
    id="glute_bridge",
    # The hips go from the floor to the line of knees and shoulders: half a thigh's length.
    signals=(Signal("hip_flexion", -50), Signal("hip_height", 0.14)),
    conditions=(
        Condition("shoulder_over_hip", "start", high=0.18),
        Condition("hip_height", "range", low=0.03),
    ),
    # on the back, hips and shoulders on the floor
    typical=(
        Condition("hip_over_ankle", "start", high=0.15),
        Condition("shoulder_over_hip", "start", high=0.1),
        Condition("wrist_over_hip", "turn", high=0.05),
    ),
    lying=True,
    joints=("shoulder", "hip", "knee"),
    counted="turn",
)

LEG_RAISE = RepExercise(
    id="leg_raise",
    # The legs go from the floor to upright.
    signals=(
        Signal("hip_flexion", 70),
        Signal("ankle_over_hip", 0.4),
        Signal("knee_over_hip", 0.22, weight=0.5),
    ),
    conditions=(
        Condition("shoulder_over_hip", "start", high=0.22),
        Condition("ankle_height", "range", low=0.12),
    ),
    # the feet come up over the hips
    typical=(Condition("ankle_over_hip", "turn", low=0.05),),
    lying=True,
    joints=("shoulder", "hip", "knee"),
)

TRICEP_DIP = RepExercise(
    id="tricep_dip",
    # The shoulders come down to the hands until the upper arms are level.
    signals=(
        Signal("shoulder_over_wrist", -0.16),
        Signal("elbow_flexion", 80, weight=0.7),
        Signal("shoulder_height", -0.16, weight=0.7),
    ),
    conditions=(
        Condition("shoulder_height", "range", low=0.06),
        Condition("wrist_height", "range", high=0.15),
    ),
    # an upright trunk, hands beside the hips
    typical=(
        Condition("shoulder_over_hip", "start", low=0.2),
        Condition("wrist_over_hip", "start", low=-0.1, high=0.15),
    ),
    joints=("shoulder", "elbow", "wrist"),
)
