"""One small file an exercise or a family: what to watch, how deep, what makes good form."""

from __future__ import annotations

from worker.exercises.bicep_curl import BICEP_CURL, HAMMER_CURL
from worker.exercises.calf_raise import CALF_RAISE
from worker.exercises.deadlift import DEADLIFT
from worker.exercises.floor import GLUTE_BRIDGE, LEG_RAISE, TRICEP_DIP
from worker.exercises.holds import BALANCE_LEG, BALANCE_LEG_LEFT, BALANCE_LEG_RIGHT, PLANK, WALL_SIT
from worker.exercises.jumping_jack import JUMPING_JACK, LOW_IMPACT_JACK
from worker.exercises.jumps import AIR_TIME_JUMP, JUMP_ANALYSIS
from worker.exercises.knee_drives import HIGH_KNEES, MOUNTAIN_CLIMBER
from worker.exercises.lunge import LUNGE, SIDE_LUNGE
from worker.exercises.model import Exercise
from worker.exercises.push_up import PUSH_UP
from worker.exercises.raises import LATERAL_RAISE, SHOULDER_PRESS
from worker.exercises.squat import SQUAT

_ALL: tuple[Exercise, ...] = (
    SQUAT,
    PUSH_UP,
    LUNGE,
    SIDE_LUNGE,
    DEADLIFT,
    BICEP_CURL,
    HAMMER_CURL,
    SHOULDER_PRESS,
    CALF_RAISE,
    HIGH_KNEES,
    GLUTE_BRIDGE,
    TRICEP_DIP,
    MOUNTAIN_CLIMBER,
    LEG_RAISE,
    LATERAL_RAISE,
    JUMPING_JACK,
    LOW_IMPACT_JACK,
    PLANK,
    WALL_SIT,
    BALANCE_LEG,
    BALANCE_LEG_LEFT,
    BALANCE_LEG_RIGHT,
    AIR_TIME_JUMP,
    JUMP_ANALYSIS,
)

EXERCISES: dict[str, Exercise] = {exercise.id: exercise for exercise in _ALL}
"""Every exercise that has data, by its catalogue id."""
