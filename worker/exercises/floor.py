"""Glute bridge, leg raise, triceps dip: on the back or a bench, seen from the side."""

from __future__ import annotations

from worker.exercises.model import Advice, Condition, Criterion, RepExercise, Signal
from worker.exercises.texts import FULL_WAY, LOWER, common

_CRITERIA = (
    Criterion("range", 0.6, good=0.95, bad=0.15),
    Criterion("tempo", 0.2, good=0.7, bad=0.2),
    Criterion("smoothness", 0.2, good=0.0, bad=0.5),
)

GLUTE_BRIDGE = RepExercise(
    id="glute_bridge",
    # The hips go from the floor to the line of knees and shoulders: half a thigh's length.
    signals=(Signal("hip_flexion", -50), Signal("hip_height", 0.14)),
    conditions=(
        Condition("shoulder_over_hip", "start", high=0.18),
        Condition("hip_height", "range", low=0.03),
        Condition("ankle_over_hip", "range", high=0.3),
    ),
    lying=True,
    lowering="back",
    joints=("shoulder", "hip", "knee"),
    counted="turn",
    criteria=(
        Criterion("range", 0.75, good=0.95, bad=0.15),
        Criterion("smoothness", 0.25, good=0.0, bad=0.5),
    ),
    advice=(
        Advice("glute_bridge_full_range", "range", 75.0, FULL_WAY),
        *common("glute_bridge", ("smoothness",)),
    ),
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
    lying=True,
    lowering="back",
    joints=("shoulder", "hip", "knee"),
    criteria=_CRITERIA,
    advice=(
        Advice("leg_raise_full_range", "range", 75.0, FULL_WAY),
        *common("leg_raise", ("tempo", "smoothness")),
    ),
)

TRICEP_DIP = RepExercise(
    id="tricep_dip",
    # The shoulders come down to the hands until the upper arms are level.
    signals=(
        Signal("shoulder_over_wrist", -0.16),
        Signal("elbow_flexion", 80, weight=0.7),
        Signal("shoulder_height", -0.16, weight=0.7),
    ),
    conditions=(Condition("shoulder_height", "range", low=0.06),),
    joints=("shoulder", "elbow", "wrist"),
    criteria=_CRITERIA,
    advice=(
        Advice("tricep_dip_lower", "range", 75.0, LOWER),
        *common("tricep_dip", ("tempo", "smoothness")),
    ),
)
