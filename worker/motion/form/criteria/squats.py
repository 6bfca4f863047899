"""Squat: Myer et al. 2014 (back squat assessment, NSCA), as far as 17 joints show it."""

from __future__ import annotations

from worker.motion.form.criteria.common import (
    BODY,
    EVEN_LEGS,
    LOWERED_OUT,
    SMOOTHNESS,
    TRUNK,
    reach,
)
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import balance, depth, knees, trunk

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "squat": (
        reach(measure=depth.thighs, joints=("hip", "knee"), advice="deeper", good=0.9, bad=0.48),
        Criterion(
            "trunk_forward", trunk.lean, "deg", good=52.0, bad=67.0,
            joints=TRUNK, advice="chest_up",
        ),
        Criterion(
            "trunk_parallel_to_shin", trunk.against_shin, "deg", good=12.0, bad=40.0,
            joints=BODY, advice="chest_up", weight=MINOR,
            view="side",
        ),
        Criterion(
            "knees_in", knees.width, "ratio", good=0.92, bad=0.72,
            joints=("hip", "knee", "ankle"), advice="knees_out", view="front", live=False,
        ),
        Criterion(
            "hips_first", trunk.hips_first, "share", good=0.15, bad=0.45,
            joints=TRUNK, advice="hips_chest_together", live=False,
        ),
        Criterion(
            "shift", balance.shift, "ratio", good=0.04, bad=0.2,
            joints=("hip", "knee", "ankle"), advice="weight_even", view="front", live=False,
        ),
        Criterion(
            "knee_ahead_of_ankle", knees.ahead_of_ankle, "deg", good=36.0, bad=60.0,
            joints=("knee", "ankle"), advice="sit_back", weight=MINOR, view="side",
        ),
        EVEN_LEGS,
        LOWERED_OUT,
        SMOOTHNESS,
    ),
}  # fmt: skip
