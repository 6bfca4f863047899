"""Criteria that many exercises share."""

from __future__ import annotations

from typing import Literal

from worker.motion.form.criterion import MAJOR, MINOR, Criterion, View
from worker.motion.form.measures import balance, depth, timing
from worker.motion.form.rep_frames import Measure


def tempo(lowering: Literal["out", "back"]) -> Criterion:
    """The load must not be dropped: lowering takes at least 0.6 of the time of lifting."""
    return Criterion(
        "tempo",
        timing.drop_out if lowering == "out" else timing.drop_back,
        "ratio",
        good=0.6,
        bad=0.25,
        joints=(),
        advice="control_lowering",
        weight=MINOR,
        live=False,
    )


SMOOTHNESS = Criterion(
    # two turns back of a tremor's size, as every tenth good rep has by the least sure network
    "smoothness",
    timing.detour,
    "share",
    good=0.2,
    bad=0.6,
    joints=(),
    advice="smoother",
    weight=MINOR,
    live=False,
)

EVEN_ARMS = Criterion(
    "symmetry",
    balance.arms,
    "share",
    good=0.12,
    bad=0.5,
    joints=("shoulder", "elbow", "wrist"),
    advice="even_sides",
    weight=MINOR,
    view="front",
    live=False,
)

EVEN_LEGS = Criterion(
    "symmetry",
    balance.legs,
    "share",
    good=0.12,
    bad=0.5,
    joints=("hip", "knee"),
    advice="even_sides",
    weight=MINOR,
    view="front",
    live=False,
)


def reach(
    measure: Measure = depth.counted,
    *,
    joints: tuple[str, ...],
    advice: str = "full_range",
    good: float = 0.95,
    bad: float = 0.5,
    weight: float = MAJOR,
    code: str | None = None,
    view: View = "any",
) -> Criterion:
    """How far the rep goes; half a rep is a clear fault."""
    return Criterion(
        "range",
        measure,
        "share",
        good=good,
        bad=bad,
        joints=joints,
        advice=advice,
        weight=weight,
        live=False,
        code=code,
        view=view,
    )
