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
20 % timing. Each criterion is linear between a good and a bad value,
set on real clips so that another rep of the same set earns an A.
"""

from __future__ import annotations

import math

import numpy as np

from worker.contract.grades import grade_of
from worker.contract.message_parts import ReferenceScore
from worker.motion.features.body_segments import Floats
from worker.motion.reference.template import Match

POSE = (0.04, 0.5)
"""Distance of 100 and of 0 points: 7 and 40 degrees at a limb, or a hand 4 and 23 cm astray."""

TEMPO = (0.05, 1.6)
"""|log2| of the ratio of times: 7 % and four times."""

RHYTHM = (0.02, 0.25)
RANGE = (0.95, 0.3)
SMOOTHNESS = (0.05, 0.6)


def linear(value: float, good: float, bad: float) -> float:
    """100 at `good` or better, 0 at `bad` or worse, linear between; either may be the larger."""
    return 100.0 * min(max((value - bad) / (good - bad), 0.0), 1.0)


def criteria_of(match: Match, ratio: float, excursion: float, progress: Floats) -> dict[str, float]:
    """Every criterion of a rep, one decimal.

    `ratio` is its time by the reference's, `excursion` its progress from start to extreme (the
    reference's is 1), `progress` [n] its course.
    """
    low, peak = float(progress.min()), float(progress.max())
    direct = 2 * peak - float(progress[0]) - float(progress[-1])
    detour = max(float(np.abs(np.diff(progress)).sum()) - direct, 0.0) / max(peak - low, 0.1)
    scores = {
        "pose": pose_score(match.pose),
        "tempo": linear(abs(math.log2(max(ratio, 1e-3))), *TEMPO),
        "rhythm": linear(match.skew, *RHYTHM),
        "range": linear(excursion, *RANGE),
        "smoothness": linear(detour, *SMOOTHNESS),
    }
    return {name: round(score, 1) for name, score in scores.items()}


def pose_score(distance: float) -> float:
    """The pose criterion at a mean distance of poses."""
    return linear(distance, *POSE)


def score_of(criteria: dict[str, float]) -> ReferenceScore:
    """The scores of a rep."""
    timing = 0.6 * criteria["tempo"] + 0.4 * criteria["rhythm"]
    movement = criteria["range"] * (0.6 + 0.4 * criteria["smoothness"] / 100)
    overall = round(0.5 * criteria["pose"] + 0.3 * movement + 0.2 * timing, 1)
    return ReferenceScore(
        overallScore=share_of(overall),
        poseScore=share_of(criteria["pose"]),
        timingScore=share_of(timing),
        movementScore=share_of(movement),
        grade=grade_of(overall),
    )


def share_of(percent: float) -> float:
    """A likeness of 0-100 as hosts read it: 0-1, with three decimals."""
    return round(percent / 100, 3)
