"""What to say after a rep: the worst fault of the set so far, and the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from worker.motion.form.criteria import CRITERIA
from worker.motion.form.criterion import Criterion
from worker.motion.form.score import RepForm
from worker.motion.form.texts import TEXTS

AT_MOST = 2
"""Sentences at a time: nobody follows three."""

RECENT = 3
"""Reps that speak for the set: what was put right fades after as many."""

PLAIN = 20.0
"""Points of a criterion under which a fault is spoken of before the rep is over."""

FAULT = 50.0
"""Mean points of a criterion under which it is a fault, halfway between good and bad."""


OPPOSITES = (("hips_up", "hips_down"), ("full_range", "shoulder_height"))
"""Advice that is never given together: of a body that does both, the worse is spoken of."""


def code_of(exercise_id: str, criterion: Criterion) -> str | None:
    """The stable code of a criterion's advice; None where nothing is said of it."""
    if criterion.advice is None:
        return None
    return f"{exercise_id}_{criterion.code or criterion.advice}"


_KEYS = {
    code: str(criterion.advice)
    for exercise_id, known in CRITERIA.items()
    for criterion in known
    if (code := code_of(exercise_id, criterion)) is not None
}


def advice_codes(exercise_id: str, forms: Sequence[RepForm]) -> tuple[str, ...]:
    """Codes of at most AT_MOST pieces of advice after the reps `forms`, the worst fault first."""
    points: dict[Criterion, list[float]] = {}
    for form in forms[-RECENT:]:
        for one in form.judged:
            if one.points is not None:
                points.setdefault(one.criterion, []).append(one.points)
    losses: dict[str, float] = {}
    for criterion, values in points.items():
        code, mean = code_of(exercise_id, criterion), sum(values) / len(values)
        if code is not None and mean < FAULT:
            losses[code] = max(losses.get(code, 0.0), criterion.weight * (100.0 - mean))
    chosen: list[str] = []
    for code in sorted(losses, key=lambda code: -losses[code]):
        if not any(_against(exercise_id, code, other) for other in chosen):
            chosen.append(code)
    return tuple(chosen[:AT_MOST])


def _against(exercise_id: str, one: str, other: str) -> bool:
    """Whether two codes ask for opposite things."""
    return {one, other} in [{f"{exercise_id}_{name}" for name in pair} for pair in OPPOSITES]


def live_codes(exercise_id: str, form: RepForm) -> tuple[str, ...]:
    """Codes of what is plainly wrong in a rep that is not over, the worst fault first."""
    plain = tuple(one for one in form.judged if one.points is not None and one.points < PLAIN)
    return advice_codes(exercise_id, (replace(form, judged=plain),))


def advice_on(exercise_id: str, criterion: str, language: str) -> str | None:
    """The sentence on a criterion of the exercise by its name; None where there is none."""
    for one in CRITERIA.get(exercise_id, ()):
        if one.name == criterion and one.advice is not None:
            return TEXTS[one.advice][language]
    return None


def advice_text(code: str, language: str) -> str:
    """The sentence of a code. Raises KeyError for an unknown one, and for another language than
    those of TEXTS."""
    return TEXTS[_KEYS[code]][language]
