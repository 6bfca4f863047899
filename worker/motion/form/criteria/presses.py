"""Presses and pulls of the arms against a load: overhead, lying, hanging, bent over."""

from __future__ import annotations

from worker.motion.form.criteria.common import (
    ARM,
    EVEN_ARMS,
    LOWERED_BACK,
    LOWERED_OUT,
    SMOOTHNESS,
    TRUNK,
    reach,
)
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, knees, trunk

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "shoulder_press": (
        Criterion(
            "range", arms.wrist_reach, "ratio", good=0.84, bad=0.58,
            joints=ARM, advice="press_up", live=False, code="full_range",
        ),
        Criterion(
            "lockout", arms.lockout_bend, "deg", good=20.0, bad=55.0,
            joints=ARM, advice="lock_out", weight=MINOR, live=False,
        ),
        Criterion(
            "lean_back", trunk.lean_back, "deg", good=9.5, bad=18.0,
            joints=TRUNK, advice="stand_tall", view="side",
        ),
        Criterion(
            "swing", trunk.swing, "deg", good=4.5, bad=11.0,
            joints=TRUNK, advice="trunk_still",
        ),
        Criterion(
            "knees", knees.bend_range, "share", good=0.06, bad=0.16,
            joints=("hip", "knee", "ankle"), advice="legs_still",
        ),
        EVEN_ARMS,
        LOWERED_BACK,
        SMOOTHNESS,
    ),
    "bench_press": (reach(joints=ARM), EVEN_ARMS, LOWERED_OUT, SMOOTHNESS),
    "pull_up": (
        reach(joints=ARM),
        Criterion(
            "swing", trunk.swing, "deg", good=15.0, bad=35.0,
            joints=TRUNK, advice="no_swing", weight=MINOR,
        ),
        EVEN_ARMS,
        LOWERED_BACK,
        SMOOTHNESS,
    ),
    "row": (
        reach(joints=ARM, good=0.85, bad=0.4),
        Criterion(
            "swing", trunk.swing, "deg", good=12.0, bad=28.0,
            joints=TRUNK, advice="trunk_still", view="side",
        ),
        LOWERED_BACK,
        SMOOTHNESS,
    ),
}  # fmt: skip
