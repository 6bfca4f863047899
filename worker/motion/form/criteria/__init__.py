"""Which criteria each exercise is judged by."""

from __future__ import annotations

from worker.motion.form.criteria import (
    curls,
    floor,
    hinges,
    holds,
    jacks,
    lunges,
    presses,
    push_ups,
    raises,
    squats,
)
from worker.motion.form.criterion import Criterion

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    exercise: criteria
    for module in (curls, floor, hinges, holds, jacks, lunges, presses, push_ups, raises, squats)
    for exercise, criteria in module.CRITERIA.items()
}
"""By exercise id, in the order in which they are told."""
