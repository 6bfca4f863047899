"""Holds: the line of the body, the depth of the seat, and what is lost over time."""

from __future__ import annotations

from worker.motion.form.criteria.common import BODY, TRUNK
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, balance, hips_line, knees, trunk


def _balance(exercise: str) -> tuple[str, tuple[Criterion, ...]]:
    return exercise, (
        Criterion(
            "trunk_tilt", trunk.tilt, "deg", good=12.0, bad=30.0,
            joints=TRUNK, advice="stand_tall",
        ),
        Criterion(
            "hips_level", balance.hips_tilt, "ratio", good=0.08, bad=0.2,
            joints=("hip",), advice="hips_level", view="front",
        ),
    )  # fmt: skip


CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "plank": (
        Criterion(
            "hips_low", hips_line.sag, "share", good=0.02, bad=0.06,
            joints=BODY, advice="hips_up", view="side",
        ),
        Criterion(
            "hips_high", hips_line.pike, "share", good=0.13, bad=0.23,
            joints=BODY, advice="hips_down", view="side",
        ),
        Criterion(
            # half of the points with the elbows 0.4 of an upper arm ahead of the shoulders
            "arms_upright", arms.support_tilt, "deg", good=15.0, bad=35.0,
            joints=("shoulder", "elbow"), advice="elbows_under", weight=MINOR, view="side",
        ),
        Criterion(
            "drift", hips_line.drift, "share", good=0.02, bad=0.07,
            joints=BODY, advice="keep_line", view="side", live=False,
        ),
    ),
    "wall_sit": (
        Criterion(
            "range", knees.seat, "share", good=0.35, bad=0.6,
            joints=("hip", "knee"), advice="sit_lower", view="side",
        ),
        Criterion(
            "trunk_tilt", trunk.tilt, "deg", good=12.0, bad=30.0,
            joints=TRUNK, advice="back_to_wall", view="side",
        ),
    ),
    **dict(_balance(name) for name in ("balance_leg", "balance_leg_left", "balance_leg_right")),
}  # fmt: skip
