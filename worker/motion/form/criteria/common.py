"""Criteria that many exercises share, and the joints that many are about."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from worker.motion.form.criterion import MINOR, Criterion
from worker.motion.form.measures import balance, depth, timing

ARM = ("shoulder", "elbow", "wrist")
TRUNK = ("shoulder", "hip")
BODY = ("shoulder", "hip", "knee", "ankle")

reach = partial(
    replace,
    Criterion(
        "range", depth.counted, "share", good=0.95, bad=0.5,
        joints=(), advice="full_range", live=False,
    ),
)  # fmt: skip
"""How far the rep goes; half a rep is a clear fault. Takes what differs, `joints` at least."""

LOWERED_BACK = Criterion(
    # the load must not be dropped: lowering takes at least 0.6 of the time of lifting
    "tempo", timing.drop_back, "ratio", good=0.6, bad=0.25,
    joints=(), advice="control_lowering", weight=MINOR, live=False,
)  # fmt: skip
"""Of a load that goes down on the way back."""

LOWERED_OUT = replace(LOWERED_BACK, measure=timing.drop_out)
"""Of a load that goes down on the way out."""

SMOOTHNESS = Criterion(
    # two turns back of a tremor's size, as every tenth good rep has by the least sure network
    "smoothness", timing.detour, "share", good=0.2, bad=0.6,
    joints=(), advice="smoother", weight=MINOR, live=False,
)  # fmt: skip

EVEN_ARMS = Criterion(
    "symmetry", balance.arms, "share", good=0.12, bad=0.5,
    joints=ARM, advice="even_sides", weight=MINOR, view="front", live=False,
)  # fmt: skip

EVEN_LEGS = replace(EVEN_ARMS, measure=balance.legs, joints=("hip", "knee"))
