"""Push-up: body in one line, full range (ACSM/NSCA; Fitness-AQA, arXiv 2202.14019)."""

from __future__ import annotations

from worker.motion.form.criteria.common import ARM, BODY, EVEN_ARMS, LOWERED_OUT, SMOOTHNESS, reach
from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import arms, depth, hips_line

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "push_up": (
        reach(
            measure=depth.support, joints=ARM,
            advice="chest_to_floor", code="deeper",
        ),
        Criterion(
            "hips_low", hips_line.sag, "share", good=0.025, bad=0.07,
            joints=BODY, advice="hips_up", view="side",
        ),
        Criterion(
            "hips_high", hips_line.pike, "share", good=0.015, bad=0.08,
            joints=BODY, advice="hips_down", view="side",
        ),
        Criterion(
            "chest_first", hips_line.chest_first, "share", good=0.015, bad=0.07,
            joints=BODY, advice="one_piece", weight=MINOR, view="side", live=False,
        ),
        Criterion(
            "forearm_tilt", arms.forearm_tilt, "deg", good=55.0, bad=88.0,
            joints=("elbow", "wrist"), advice="forearms_upright", weight=MINOR, view="front",
        ),
        EVEN_ARMS,
        LOWERED_OUT,
        SMOOTHNESS,
    ),
}  # fmt: skip
