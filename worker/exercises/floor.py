"""Glute bridge, leg raise, triceps dip: on the back or a bench, seen from the side."""

from __future__ import annotations

from worker.exercises.model import Advice, Criterion, Depth, Gate, RepExercise, Signal
from worker.exercises.texts import FULL_WAY, LOWER, common

_CRITERIA = (
    Criterion("range", 0.6, good=0.95, bad=0.15),
    Criterion("tempo", 0.2, good=0.7, bad=0.2),
    Criterion("smoothness", 0.2, good=0.0, bad=0.5),
)

GLUTE_BRIDGE = RepExercise(
    id="glute_bridge",
    lying=True,
    # Hips from the floor, knees bent, to one line from shoulders to knees.
    signal=Signal("hip_angle", rest=125.0, full=172.0),
    joints=("shoulder", "hip", "knee"),
    depth=Depth(easy=0.45, normal=0.65, pro=0.9),
    gates=(Gate("trunk_tilt", low=52.0), Gate("knee_angle", high=135.0)),
    seconds=(0.3, 20.0),
    at="peak",
    lowering="back",
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
    lying=True,
    # Legs from the line of the body to upright.
    signal=Signal("hip_angle", rest=172.0, full=100.0),
    joints=("shoulder", "hip", "knee"),
    depth=Depth(easy=0.45, normal=0.65, pro=0.9),
    gates=(Gate("trunk_tilt", low=50.0), Gate("knee_angle", low=120.0)),
    seconds=(0.5, 20.0),
    lowering="back",
    criteria=_CRITERIA,
    advice=(
        Advice("leg_raise_full_range", "range", 75.0, FULL_WAY),
        *common("leg_raise", ("tempo", "smoothness")),
    ),
)

TRICEP_DIP = RepExercise(
    id="tricep_dip",
    # Shoulders over the hands by arm length, from straight arms to level upper arms.
    signal=Signal("support_y", rest=0.95, full=0.5),
    joints=("shoulder", "elbow", "wrist"),
    depth=Depth(easy=0.45, normal=0.6, pro=0.85),
    gates=(Gate("trunk_tilt", high=50.0), Gate("hips_over_feet_y", high=0.85)),
    seconds=(0.5, 20.0),
    criteria=_CRITERIA,
    advice=(
        Advice("tricep_dip_lower", "range", 75.0, LOWER),
        *common("tricep_dip", ("tempo", "smoothness")),
    ),
)
