"""Lunges: front thigh to level, trunk upright, knee over the foot."""

from __future__ import annotations

from worker.motion.form.criteria.common import LOWERED_OUT, SMOOTHNESS, TRUNK, reach
from worker.motion.form.criterion import Criterion
from worker.motion.form.measures import depth, knees, trunk

_UPRIGHT = Criterion(
    "trunk_forward", trunk.tilt, "deg", good=20.0, bad=42.0,
    joints=TRUNK, advice="upright",
)  # fmt: skip

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "lunge": (
        reach(measure=depth.lunge, joints=("hip", "knee"), advice="deeper", good=0.76, bad=0.4),
        _UPRIGHT,
        Criterion(
            # half of the points with the knee over the toes, ~29 degrees ahead
            "knee_ahead_of_ankle", knees.ahead_of_ankle, "deg", good=20.0, bad=38.0,
            joints=("knee", "ankle"), advice="knee_over_foot", view="side",
        ),
        Criterion(
            "knee_in", knees.inward, "deg", good=8.0, bad=25.0,
            joints=("hip", "knee", "ankle"), advice="knees_out", view="front",
        ),
        LOWERED_OUT,
        SMOOTHNESS,
    ),
    "side_lunge": (
        reach(joints=("hip", "knee"), advice="deeper", good=0.88, bad=0.45),
        _UPRIGHT,
        LOWERED_OUT,
        SMOOTHNESS,
    ),
}  # fmt: skip
