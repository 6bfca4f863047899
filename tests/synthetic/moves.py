"""Every move of the athlete by name."""

from __future__ import annotations

from tests.synthetic.basic_moves import (
    Move,
    balance_leg_left,
    bicep_curl,
    deadlift,
    high_knees,
    jumping_jack,
    lateral_raise,
    lunge,
    plank,
    push_up,
    shoulder_press,
    squat,
    standing,
    walking,
    wall_sit,
)
from tests.synthetic.floor_moves import (
    calf_raise,
    glute_bridge,
    leg_raise,
    mountain_climber,
    side_lunge,
    tricep_dip,
)

MOVES: dict[str, Move] = {
    "squat": squat,
    "push_up": push_up,
    "bicep_curl": bicep_curl,
    "hammer_curl": bicep_curl,
    "jumping_jack": jumping_jack,
    "low_impact_jack": jumping_jack,
    "lunge": lunge,
    "deadlift": deadlift,
    "lateral_raise": lateral_raise,
    "shoulder_press": shoulder_press,
    "high_knees": high_knees,
    "calf_raise": calf_raise,
    "side_lunge": side_lunge,
    "mountain_climber": mountain_climber,
    "leg_raise": leg_raise,
    "glute_bridge": glute_bridge,
    "tricep_dip": tricep_dip,
    "plank": plank,
    "wall_sit": wall_sit,
    "balance_leg": balance_leg_left,
    "balance_leg_left": balance_leg_left,
    "standing": standing,
    "walking": walking,
}
"""By name; the last are no exercises and must count 0."""
