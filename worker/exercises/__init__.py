"""One small file an exercise: what to watch, how deep, what makes good form, what to say."""

from __future__ import annotations

from worker.exercises.bicep_curl import BICEP_CURL, HAMMER_CURL
from worker.exercises.jumping_jack import JUMPING_JACK, LOW_IMPACT_JACK
from worker.exercises.model import Exercise
from worker.exercises.push_up import PUSH_UP
from worker.exercises.squat import SQUAT

EXERCISES: dict[str, Exercise] = {
    exercise.id: exercise
    for exercise in (SQUAT, PUSH_UP, BICEP_CURL, HAMMER_CURL, JUMPING_JACK, LOW_IMPACT_JACK)
}
"""Every exercise that has data, by its catalogue id."""
