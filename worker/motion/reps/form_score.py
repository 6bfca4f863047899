"""Form score of one rep, 0-100, from named criteria.

    range       highest mean of progress over a fifth of the rep (0.3 s at most), of the lesser
                side where both do the rep together, less a quarter of the way covered beyond out
                and back: how deep, and a tremor gains nothing by it
    tempo       seconds of the lowering phase by those of the lifting one (10-90 % of the way):
                the load must not be dropped; a ratio, so slow motion scores like real time
                (eccentric phases at least as long as concentric ones: NSCA Essentials, 4th ed.)
    symmetry    mean distance between the two sides' progress by the excursion, where both are seen
    smoothness  way covered beyond out and back by the way out and back: 0 for one clean arc
    others      a measure (max, min, range, mean) of a body feature, see the exercise's file

The form score is range by the weighted mean of all criteria, range taken as 100 in it; a criterion
that could not be seen takes no part. A rep that does not go down earns no points for how well it
would have, and flaws cost the same share at any depth: the score is monotone in each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from worker.exercises.model import Criterion, RepExercise
from worker.motion.features.features import Floats

SIDE = 0.5
"""Greatest mean of `frontal` (shoulder width by trunk length) that is a view from the side; it
overlaps with what is one from the front."""

UNKNOWN = 0.45
"""What `facing` is where the trunk is hidden: every criterion takes part."""

SEEN = 0.35
"""Score from which both sides of the body are compared with each other."""


@dataclass(frozen=True)
class Window:
    """Rows of one rep: `progress` [n], `sides` [n, 2] of progress, `seen` [n, 2] 0-1, `seconds`
    [n], and the criteria's `features` [n] by name. `facing` is the mean of the feature `frontal`.
    `other` [n] is the other side's progress where each side is followed alone and it moves along;
    `paired` says whether the sides can be compared.
    """

    seconds: Floats
    progress: Floats
    sides: Floats
    seen: Floats
    features: Mapping[str, Floats]
    low: float
    peak: float
    facing: float
    paired: bool = True
    other: Floats | None = None

    @property
    def excursion(self) -> float:
        """Progress from start level to peak, at least a little."""
        return max(self.peak - self.low, 0.05)


def linear(value: float, good: float, bad: float) -> float:
    """100 at `good` or better, 0 at `bad` or worse, linear between; either may be the larger."""
    return 100.0 * min(max((value - bad) / (good - bad), 0.0), 1.0)


def criteria_of(exercise: RepExercise, window: Window, *, live: bool = False) -> dict[str, float]:
    """Each criterion's score for a rep; without those that cannot be seen.

    `live` means the rep is not over: range and tempo are left out.
    """
    scores: dict[str, float] = {}
    for criterion in exercise.criteria:
        if live and criterion.name in ("range", "tempo"):
            continue
        if not _in_view(criterion, window.facing):
            continue
        value = _value(exercise, criterion, window)
        if value is not None:
            scores[criterion.name] = round(linear(value, criterion.good, criterion.bad), 1)
    return scores


def form_of(exercise: RepExercise, scores: dict[str, float]) -> float:
    """Form of a rep, one decimal; 100 where nothing could be judged."""
    weights = {c.name: c.weight for c in exercise.criteria if c.name in scores}
    total = sum(weights.values())
    if total <= 0:
        return 100.0
    depth = scores.get("range", 100.0)
    paid = sum(
        (100.0 if name == "range" else scores[name]) * weight for name, weight in weights.items()
    )
    return round(depth * paid / total / 100, 1)


def _value(exercise: RepExercise, criterion: Criterion, window: Window) -> float | None:
    if criterion.feature is not None:
        return _measured(criterion, window)
    if criterion.name == "range":
        return _depth(window)
    if criterion.name == "tempo":
        return _tempo(window, exercise.lowering)
    if criterion.name == "symmetry":
        return _asymmetry(window)
    if criterion.name == "smoothness":
        return _wobble(window)
    raise ValueError(f"criterion {criterion.name!r} has no feature and no formula")


def _in_view(criterion: Criterion, facing: float) -> bool:
    if criterion.view == "side":
        return facing <= SIDE
    return criterion.view == "any" or facing >= criterion.facing


def _depth(window: Window) -> float:
    span = min(0.2 * float(window.seconds[-1] - window.seconds[0]), 0.3)
    starts = np.searchsorted(window.seconds, window.seconds - span / 2 - 1e-9)
    stops = np.searchsorted(window.seconds, window.seconds + span / 2 + 1e-9, side="right")
    sides = [window.progress] if window.other is None else [window.progress, window.other]
    highest = []
    for side in sides:
        sums = np.concatenate(((0.0,), np.cumsum(side)))
        highest.append(float(((sums[stops] - sums[starts]) / (stops - starts)).max()))
    return min(highest) - 0.25 * _detour(window)


def _measured(criterion: Criterion, window: Window) -> float | None:
    values = window.features[str(criterion.feature)]
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return None
    if criterion.measure == "mean":
        value = float(values.mean())
    elif criterion.measure == "range":
        value = float(values.max() - values.min())
    else:
        value = float(values.max() if criterion.measure == "max" else values.min())
    return value / max(window.peak, 0.2) if criterion.per_depth else value


def _tempo(window: Window, lowering: str) -> float | None:
    """Lowering seconds by lifting seconds."""
    top = int(np.argmax(window.progress))
    low = window.low + 0.1 * window.excursion
    high = window.low + 0.9 * window.excursion
    out, back = window.progress[: top + 1], window.progress[top:]
    begin = int(np.flatnonzero(out <= low)[-1]) if (out <= low).any() else 0
    reach = int(np.flatnonzero(out >= high)[0])
    leave = top + int(np.flatnonzero(back >= high)[-1])
    there = float(window.seconds[reach] - window.seconds[begin])
    return_share = (high - float(window.progress[-1])) / (high - low)
    home = float(window.seconds[-1] - window.seconds[leave]) / max(return_share, 0.1)
    if there <= 0 or home <= 0:
        return None
    return there / home if lowering == "out" else home / there


def _asymmetry(window: Window) -> float | None:
    both = window.seen.min(axis=1) >= SEEN
    if not window.paired or both.mean() < 0.6:
        return None
    apart = np.abs(window.sides[both, 0] - window.sides[both, 1])
    return float(apart.mean()) / window.excursion


def _direct(window: Window) -> float:
    """Progress covered by going out and back without a detour."""
    return 2 * window.peak - float(window.progress[0]) - float(window.progress[-1])


def _detour(window: Window) -> float:
    """Progress covered beyond that."""
    return max(float(np.abs(np.diff(window.progress)).sum()) - _direct(window), 0.0)


def _wobble(window: Window) -> float | None:
    if len(window.progress) < 3:
        return None
    return _detour(window) / max(_direct(window), 0.1)
