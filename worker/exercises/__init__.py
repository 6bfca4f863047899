"""One small file an exercise or a family: what to watch, how deep, what makes good form."""

from __future__ import annotations

from worker.exercises.bench_press import BENCH_PRESS
from worker.exercises.bicep_curl import BICEP_CURL, HAMMER_CURL
from worker.exercises.burpee import BURPEE
from worker.exercises.calf_raise import CALF_RAISE
from worker.exercises.deadlift import DEADLIFT
from worker.exercises.floor import GLUTE_BRIDGE, LEG_RAISE, TRICEP_DIP
from worker.exercises.holds import BALANCE_LEG, BALANCE_LEG_LEFT, BALANCE_LEG_RIGHT, PLANK, WALL_SIT
from worker.exercises.jumping_jack import JUMPING_JACK, LOW_IMPACT_JACK
from worker.exercises.jumps import AIR_TIME_JUMP, JUMP_ANALYSIS
from worker.exercises.kettlebell_swing import KETTLEBELL_SWING
from worker.exercises.knee_drives import HIGH_KNEES, MOUNTAIN_CLIMBER
from worker.exercises.lunge import LUNGE, SIDE_LUNGE
from worker.exercises.model import Exercise
from worker.exercises.pulls import PULL_UP, ROW
from worker.exercises.push_up import PUSH_UP
from worker.exercises.raises import FRONT_RAISE, LATERAL_RAISE, SHOULDER_PRESS
from worker.exercises.sit_up import SIT_UP
from worker.exercises.squat import SQUAT
from worker.exercises.triceps_extension import TRICEPS_EXTENSION

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
    SIT_UP,
    PULL_UP,
    BURPEE,
    BENCH_PRESS,
    ROW,
    KETTLEBELL_SWING,
    FRONT_RAISE,
    TRICEPS_EXTENSION,
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
