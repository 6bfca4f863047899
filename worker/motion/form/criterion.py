"""One named part of the form score: what is measured, what is good and bad, from where it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from worker.motion.form.rep_frames import Measure, RepFrames

Unit = Literal["deg", "ratio", "share"]
"""deg: degrees; ratio: of two lengths or times; share: of a whole, 1 is all of it."""

View = Literal["any", "side", "front"]

SIDE = 0.45
"""Greatest shoulder width by trunk length of a view from the side: within ~40 degrees of profile
(0.7 facing the camera)."""

FRONT = 0.5
"""Least one of a view from the front: within ~45 degrees of facing the camera."""

BORDER = 0.05
"""To either side of these a view shows the more the farther from them."""

UNSEEN = 95.0
"""Points of what was not judged: those at `good`, which three quarters of good reps reach."""

STEEPNESS = 2 * math.log(19.0)
"""Makes the score 95 at `good` and 5 at `bad`."""

MAJOR, MINOR = 0.5, 0.2
"""Share of the form score that a fault takes at its worst: one major fault halves it, so that it
falls below 70, the grade D, well before the fault is complete; two below 50. A minor one (how
the movement runs in time, evenness) leaves a C."""


@dataclass(frozen=True)
class Criterion:
    """A measure and its scale: 95 points at `good`, 5 at `bad`, logistic between and beyond, so
    that of two reps the better one scores higher everywhere.

    `name` is stable for ever. `weight` is the share of the form score that it takes at 0 points.
    `view` is from where it can be judged. `joints` are what to look at (COCO names without the
    side). `live` says whether it can be judged before the rep is over. `advice` is the key of
    its sentence, None where nothing is said of it; its code is `code`, or else that key, after the
    exercise's id.
    """

    name: str
    measure: Measure
    unit: Unit
    good: float
    bad: float
    joints: tuple[str, ...]
    advice: str | None = None
    weight: float = MAJOR
    view: View = "any"
    live: bool = True
    code: str | None = None

    def points(self, value: float) -> float:
        """Score of a measured value, 0-100."""
        middle = 0.5 * (self.good + self.bad)
        away = STEEPNESS * (value - middle) / (self.good - self.bad)
        return 100.0 / (1.0 + math.exp(-min(max(away, -40.0), 40.0)))

    def clarity(self, rep: RepFrames) -> float:
        """How plainly this shows from where the rep is seen, from 0 to 1."""
        if self.view == "any":
            return 1.0
        inside = SIDE - rep.frontal if self.view == "side" else rep.frontal - FRONT
        return min(max(0.5 + 0.5 * inside / BORDER, 0.0), 1.0)


@dataclass(frozen=True)
class Judged:
    """What a criterion gave for one rep: `value` and `points` are None where it was not judged."""

    criterion: Criterion
    value: float | None
    points: float | None


def judged(criterion: Criterion, rep: RepFrames) -> Judged:
    """The criterion on one rep. Points tend to UNSEEN where the view shows less: a body that turns
    a little further loses or wins nothing at once."""
    clarity = criterion.clarity(rep)
    value = criterion.measure(rep) if clarity > 0 else None
    if value is None or not math.isfinite(value):
        return Judged(criterion, None, None)
    return Judged(criterion, value, clarity * criterion.points(value) + (1 - clarity) * UNSEEN)
