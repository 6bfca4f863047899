"""Deadlift and swing: the hips hinge under a load."""

from __future__ import annotations

from worker.motion.form.criteria.common import ARM, LOWERED_OUT, SMOOTHNESS, TRUNK, reach
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, trunk

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "deadlift": (
        reach(joints=TRUNK),
        Criterion(
            "hips_first", trunk.hips_first, "share", good=0.3, bad=0.6,
            joints=TRUNK, advice="hips_chest_together", live=False,
        ),
        Criterion(
            "bar_away", arms.wrist_ahead_of_shin, "ratio", good=0.2, bad=0.5,
            joints=("wrist", "knee", "ankle"), advice="bar_close", view="side",
        ),
        Criterion(
            "lockout", trunk.stoop_at_top, "deg", good=12.0, bad=32.0,
            joints=("shoulder", "hip", "knee"), advice="stand_up_fully", live=False,
        ),
        Criterion(
            "lean_back", trunk.lean_back_at_top, "deg", good=1.5, bad=15.0,
            joints=TRUNK, advice="no_lean_back", view="side", live=False,
        ),
        Criterion(
            "arms", arms.least_bend, "deg", good=10.0, bad=50.0,
            joints=ARM, advice="straight_arms", weight=MINOR,
        ),
        LOWERED_OUT,
        SMOOTHNESS,
    ),
    "kettlebell_swing": (
        Criterion(
            # the bell at the chest, and at the belt
            "range", arms.wrist_reach, "ratio", good=-0.15, bad=-0.7,
            joints=ARM, advice="full_range", live=False,
        ),
        Criterion(
            "arms", arms.least_bend, "deg", good=35.0, bad=70.0,
            joints=ARM, advice="straight_arms", weight=MINOR,
        ),
        SMOOTHNESS,
    ),
}  # fmt: skip
