"""Presses and pulls of the arms against a load: overhead, lying, hanging, bent over."""

from __future__ import annotations

from worker.motion.form.criteria.common import EVEN_ARMS, SMOOTHNESS, reach, tempo
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, knees, trunk

_ARM = ("shoulder", "elbow", "wrist")
_TRUNK = ("shoulder", "hip")

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "shoulder_press": (
        Criterion(
            "range", arms.wrist_reach, "ratio", good=0.84, bad=0.58,
            joints=_ARM, advice="press_up", live=False, code="full_range",
        ),
        Criterion(
            "lockout", arms.lockout_bend, "deg", good=20.0, bad=55.0,
            joints=_ARM, advice="lock_out", weight=MINOR, live=False,
        ),
        Criterion(
            "lean_back", trunk.lean_back, "deg", good=9.5, bad=18.0,
            joints=_TRUNK, advice="stand_tall", view="side",
        ),
        Criterion(
            "swing", trunk.swing, "deg", good=4.5, bad=11.0,
            joints=_TRUNK, advice="trunk_still",
        ),
        Criterion(
            "knees", knees.bend_range, "share", good=0.06, bad=0.16,
            joints=("hip", "knee", "ankle"), advice="legs_still",
        ),
        EVEN_ARMS,
        tempo("back"),
        SMOOTHNESS,
    ),
    "bench_press": (reach(joints=_ARM), EVEN_ARMS, tempo("out"), SMOOTHNESS),
    "pull_up": (
        reach(joints=_ARM),
        Criterion(
            "swing", trunk.swing, "deg", good=15.0, bad=35.0,
            joints=_TRUNK, advice="no_swing", weight=MINOR,
        ),
        EVEN_ARMS,
        tempo("back"),
        SMOOTHNESS,
    ),
    "row": (
        reach(joints=_ARM, good=0.85, bad=0.4),
        Criterion(
            "swing", trunk.swing, "deg", good=12.0, bad=28.0,
            joints=_TRUNK, advice="trunk_still", view="side",
        ),
        tempo("back"),
        SMOOTHNESS,
    ),
}  # fmt: skip
