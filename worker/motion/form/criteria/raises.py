"""Arm raises to the side and to the front: nearly straight arms, to shoulder height, no swing."""

from __future__ import annotations

from worker.motion.form.criteria.common import ARM, EVEN_ARMS, LOWERED_BACK, SMOOTHNESS, TRUNK
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, trunk


def _raise() -> tuple[Criterion, ...]:
    return (
        Criterion(
            "range", arms.wrist_reach, "ratio", good=-0.02, bad=-0.45,
            joints=ARM, advice="raise_up", live=False, code="full_range",
        ),
        Criterion(
            # arms 15 degrees over level, and 60, beside the head
            "too_high", arms.wrist_rise, "ratio", good=0.3, bad=1.0,
            joints=ARM, advice="shoulder_height", weight=MINOR,
        ),
        Criterion(
            "elbows_bent", arms.elbow_bend, "deg", good=22.0, bad=60.0,
            joints=ARM, advice="straight_arms",
        ),
        Criterion(
            "swing", trunk.swing, "deg", good=7.0, bad=22.0,
            joints=TRUNK, advice="no_swing",
        ),
        EVEN_ARMS,
        LOWERED_BACK,
        SMOOTHNESS,
    )  # fmt: skip


CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "lateral_raise": _raise(),
    "front_raise": _raise(),
}
