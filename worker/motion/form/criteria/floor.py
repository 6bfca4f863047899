"""On the back, on a bench or on the toes: bridge, leg raise, sit-up, dip, calf raise."""

from __future__ import annotations

from worker.motion.form.criteria.common import LOWERED_BACK, LOWERED_OUT, SMOOTHNESS, TRUNK, reach
from worker.motion.form.criterion import Criterion
from worker.motion.form.measures import depth

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "glute_bridge": (
        reach(
            measure=depth.bridge, view="side",
            joints=("shoulder", "hip", "knee"), advice="hips_all_the_way", code="full_range",
        ),
        SMOOTHNESS,
    ),
    "leg_raise": (reach(joints=("hip", "ankle")), LOWERED_BACK, SMOOTHNESS),
    "sit_up": (reach(joints=TRUNK), LOWERED_BACK, SMOOTHNESS),
    "tricep_dip": (
        reach(
            measure=depth.support, good=0.77, bad=0.4,
            joints=("shoulder", "elbow"), advice="deeper", code="lower",
        ),
        LOWERED_OUT,
        SMOOTHNESS,
    ),
    "calf_raise": (reach(joints=("ankle",), good=0.55, bad=0.25), LOWERED_BACK, SMOOTHNESS),
}  # fmt: skip
