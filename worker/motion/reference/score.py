"""Likeness of a rep to the reference from named criteria of 0-100 each; its scores are 0-1.

    pose         mean distance of the poses along the best alignment (dynamic time warping), parts
                 that move in the reference counting up to four times as much as those that rest
    tempo        |log2| of the rep's time by the reference's: twice as slow is as far as twice as
                 fast, as tempo is heard and judged in ratios
    rhythm       how far the alignment strays from even time: pauses, a hasty way back
    range        the rep's excursion along the reference's axis by the reference's own
    smoothness   way covered along it beyond out and back

poseScore is `pose`; timingScore 60 % `tempo` and 40 % `rhythm`; movementScore 60 % `range` and
40 % `smoothness`, the latter paid for what range there is; overallScore half pose, 30 % movement,
20 % timing. Each criterion is linear between a good and a bad value, set on real clips so that
another rep of the same set earns an A.
"""

from __future__ import annotations

import math

import numpy as np

from worker.contract.grades import grade_of
from worker.contract.message_parts import ReferenceScore
from worker.motion.features.body_segments import Floats
from worker.motion.reference.template import Match

SCALES = {
    # distance: 7 and 40 degrees at a limb, or a hand 4 and 23 cm astray
    "pose": (0.04, 0.5),
    # |log2| of the ratio of times: 7 % and four times
    "tempo": (0.05, 1.6),
    "rhythm": (0.02, 0.25),
    "range": (0.95, 0.3),
    "smoothness": (0.05, 0.6),
}
"""What earns 100 points of each criterion, and what 0."""


def points_of(criterion: str, value: float) -> float:
    """Points 0-100 of what was measured for a criterion, linear between what earns 100 and what 0,
    to one decimal."""
    good, bad = SCALES[criterion]
    return round(100.0 * min(max((value - bad) / (good - bad), 0.0), 1.0), 1)


def criteria_of(match: Match, ratio: float, excursion: float, progress: Floats) -> dict[str, float]:
    """Every criterion of a rep, one decimal.

    `ratio` is its time by the reference's, `excursion` its progress from start to extreme (the
    reference's is 1), `progress` [n] its course.
    """
    low, peak = float(progress.min()), float(progress.max())
    direct = 2 * peak - float(progress[0]) - float(progress[-1])
    detour = max(float(np.abs(np.diff(progress)).sum()) - direct, 0.0) / max(peak - low, 0.1)
    found = {
        "pose": match.pose,
        "tempo": abs(math.log2(max(ratio, 1e-3))),
        "rhythm": match.skew,
        "range": excursion,
        "smoothness": detour,
    }
    return {name: points_of(name, value) for name, value in found.items()}


def score_of(criteria: dict[str, float]) -> ReferenceScore:
    """The scores of a rep."""
    timing = 0.6 * criteria["tempo"] + 0.4 * criteria["rhythm"]
    movement = criteria["range"] * (0.6 + 0.4 * criteria["smoothness"] / 100)
    overall = round(0.5 * criteria["pose"] + 0.3 * movement + 0.2 * timing, 1)
    return ReferenceScore(
        overallScore=_share(overall),
        poseScore=_share(criteria["pose"]),
        timingScore=_share(timing),
        movementScore=_share(movement),
        grade=grade_of(overall),
    )


def _share(percent: float) -> float:
    """A likeness of 0-100 as hosts read it: 0-1, with three decimals."""
    return round(percent / 100, 3)
