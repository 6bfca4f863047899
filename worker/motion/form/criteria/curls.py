"""Biceps curls and triceps extensions: forearms alone move."""

from __future__ import annotations

from worker.motion.form.criteria.common import EVEN_ARMS, LOWERED_BACK, SMOOTHNESS, TRUNK, reach
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, depth, trunk

_STRICT = (
    Criterion(
        "upper_arm_drift", arms.upper_arm_drift, "deg", good=16.0, bad=30.0,
        joints=("shoulder", "elbow"), advice="upper_arms_still",
    ),
    Criterion(
        "lean_back", trunk.lean_back, "deg", good=7.0, bad=18.0,
        joints=TRUNK, advice="stand_tall", view="side",
    ),
    Criterion(
        "swing", trunk.swing, "deg", good=5.0, bad=18.0,
        joints=TRUNK, advice="no_swing",
    ),
)  # fmt: skip

_CURL = (
    reach(
        measure=depth.curl, bad=0.45,
        joints=("elbow", "wrist"), advice="curl_up", code="higher",
    ),
    Criterion(
        "lowered", arms.lockout_bend_at_start, "deg", good=25.0, bad=80.0,
        joints=("elbow", "wrist"), advice="lower_all_the_way", weight=MINOR, live=False,
    ),
    *_STRICT,
    EVEN_ARMS,
    LOWERED_BACK,
    SMOOTHNESS,
)  # fmt: skip

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "bicep_curl": _CURL,
    "hammer_curl": _CURL,
    "triceps_extension": (
        reach(joints=("elbow", "wrist")),
        *_STRICT,
        EVEN_ARMS,
        LOWERED_BACK,
        SMOOTHNESS,
    ),
}
