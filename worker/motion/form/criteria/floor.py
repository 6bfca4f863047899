"""On the back, on a bench or on the toes: bridge, leg raise, sit-up, dip, calf raise."""

from __future__ import annotations

from worker.motion.form.criteria.common import SMOOTHNESS, reach, tempo
from worker.motion.form.criterion import Criterion
from worker.motion.form.measures import depth

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "glute_bridge": (
        reach(
            depth.bridge,
            joints=("shoulder", "hip", "knee"),
            advice="hips_all_the_way",
            code="full_range",
            view="side",
        ),
        SMOOTHNESS,
    ),
    "leg_raise": (reach(joints=("hip", "ankle")), tempo("back"), SMOOTHNESS),
    "sit_up": (reach(joints=("shoulder", "hip")), tempo("back"), SMOOTHNESS),
    "tricep_dip": (
        reach(
            depth.support,
            joints=("shoulder", "elbow"),
            advice="deeper",
            code="lower",
            good=0.77,
            bad=0.4,
        ),
        tempo("out"),
        SMOOTHNESS,
    ),
    "calf_raise": (reach(joints=("ankle",), good=0.55, bad=0.25), tempo("back"), SMOOTHNESS),
}
