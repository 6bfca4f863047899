"""The form score of a rep: each criterion takes its share.

    score = 100 * product over the criteria of (1 - weight * (1 - points / 100))

It is monotone in each measure, and no strength makes up for a fault. Weights are MAJOR and MINOR of
`criterion`: one clear fault ends below 70, two below 50. What cannot be judged from this view
counts like a rep that is as good as most: a view that shows less wins next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.contract.message_parts import CriterionScore
from worker.motion.form.criteria import CRITERIA
from worker.motion.form.criterion import UNSEEN, Judged, judged
from worker.motion.form.rep_frames import RepFrames

SHOWN = 75.0
"""Points under which it is told where a criterion is to be seen."""

MIN_FRAMES = 4
"""Fewer frames have no course in time."""


@dataclass(frozen=True)
class RepForm:
    """Form of one rep: `score` 0-100 and every criterion, judged or not."""

    score: float
    judged: tuple[Judged, ...]
    turn_ms: float

    @property
    def criteria(self) -> tuple[CriterionScore, ...]:
        """As messages tell it."""
        return tuple(_told(one, self.turn_ms) for one in self.judged)


def judge(exercise_id: str, rep: RepFrames, *, over: bool = True) -> RepForm:
    """Form of a rep of the exercise; of one that is not `over`, without what only its end shows.
    100 without criteria where none are known for it."""
    asked = [one for one in CRITERIA.get(exercise_id, ()) if over or one.live]
    if len(rep) < MIN_FRAMES:
        told = tuple(Judged(one, None, None) for one in asked)
    else:
        told = tuple(judged(one, rep) for one in asked)
    turn_ms = 1e3 * float(rep.seconds[rep.turn]) if rep.turn < len(rep) else 0.0
    return RepForm(round(combined(told), 1), told, turn_ms)


def combined(parts: Iterable[Judged]) -> float:
    """The product above, 0-100."""
    score = 100.0
    for one in parts:
        points = UNSEEN if one.points is None else one.points
        score *= 1.0 - one.criterion.weight * (1.0 - points / 100.0)
    return score


def _told(one: Judged, turn_ms: float) -> CriterionScore:
    criterion = one.criterion
    if one.value is None or one.points is None:
        return CriterionScore(name=criterion.name, judged=False, unit=criterion.unit)
    # what is well done needs no pointing at, and a long set's summary stays small
    shown = one.points < SHOWN
    return CriterionScore(
        name=criterion.name,
        judged=True,
        unit=criterion.unit,
        value=round(one.value, 3),
        score=round(one.points, 1),
        joints=criterion.joints if shown else (),
        atMs=round(turn_ms, 1) if shown else None,
    )
