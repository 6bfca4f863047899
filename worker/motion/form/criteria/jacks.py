"""Movements that repeat quickly on the feet or hands: jacks, knee drives, climbers, burpees."""

from __future__ import annotations

from worker.motion.form.criteria.common import ARM, BODY, EVEN_ARMS, SMOOTHNESS, TRUNK, reach
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, depth, trunk


def _jack(wide: float, narrow: float) -> tuple[Criterion, ...]:
    return (
        Criterion(
            "arms", arms.wrist_reach, "ratio", good=0.6, bad=0.2,
            joints=ARM, advice="arms_higher", live=False,
        ),
        Criterion(
            "legs", depth.feet_apart, "ratio", good=wide, bad=narrow,
            joints=("ankle",), advice="legs_wider", view="front", live=False,
        ),
        EVEN_ARMS,
        SMOOTHNESS,
    )  # fmt: skip


_KNEE = reach(joints=("hip", "knee"), advice="higher_knee", code="higher")

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "jumping_jack": _jack(0.55, 0.15),
    "low_impact_jack": _jack(0.35, 0.08),
    "high_knees": (
        _KNEE,
        Criterion(
            "trunk_tilt", trunk.tilt, "deg", good=6.0, bad=30.0,
            joints=TRUNK, advice="upright", weight=MINOR,
        ),
    ),
    "mountain_climber": (_KNEE,),
    "burpee": (
        reach(joints=BODY, good=0.85, bad=0.4),
        SMOOTHNESS,
    ),
}  # fmt: skip
