"""Joints to highlight: those of a repetition's worst fault, while it lasts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from worker.contract.keypoints import COCO_NAMES, COUNT
from worker.contract.landmarks import MEDIAPIPE_NAMES
from worker.contract.message_parts import CriterionScore, Rep

FAULT = 50.0
"""Score of a criterion (0-100) below which it is a fault: halfway between good and bad."""


def worst_fault(rep: Rep) -> CriterionScore | None:
    """The fault with the lowest score, of those that name joints; None where there is none."""
    faults = [
        one
        for one in rep.criteria or ()
        if one.joints and one.score is not None and one.score < FAULT
    ]
    return min(faults, key=lambda one: one.score or 0.0, default=None)


def joint_bits(joints: Iterable[str], count: int = COUNT) -> int:
    """Bit mask of the joints of both sides in a pose of `count` keypoints (17 or 33)."""
    names = COCO_NAMES if count == COUNT else MEDIAPIPE_NAMES
    wanted = {f"{side}_{joint}" for side in ("left", "right") for joint in joints}
    return sum(1 << place for place, name in enumerate(names) if name in wanted)


@dataclass(frozen=True)
class FocusTrack:
    """Joints to highlight over time: those of the worst fault of the current rep."""

    spans: tuple[tuple[float, float, tuple[str, ...]], ...]
    """Start, end and joints of each rep with a fault, in order; microseconds of media."""

    def bits_at(self, time_us: int, count: int = COUNT) -> int:
        """Bit mask of the joints at a media time; 0 between reps and in reps without a fault."""
        place = bisect_right(self.spans, float(time_us), key=lambda span: span[0]) - 1
        if place < 0 or time_us > self.spans[place][1]:
            return 0
        return joint_bits(self.spans[place][2], count)


def focus_track(history: Iterable[Rep]) -> FocusTrack:
    """The track of the counted reps of `history`."""
    return FocusTrack(
        tuple(
            (1000.0 * rep.startMs, 1000.0 * rep.endMs, fault.joints)
            for rep in history
            if rep.counted and (fault := worst_fault(rep)) is not None
        )
    )
