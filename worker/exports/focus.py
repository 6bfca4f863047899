"""Where a repetition's worst fault is to be seen: the joints that stand out in its frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from worker.contract.keypoints import COCO_NAMES, COUNT
from worker.contract.landmarks import MEDIAPIPE_NAMES
from worker.contract.message_parts import CriterionScore, Rep

FAULT = 50.0
"""Score of a criterion under which it is a fault, halfway between good and bad."""


def worst_fault(rep: Rep) -> CriterionScore | None:
    """The criterion that the rep fails by most, of those that can be pointed at; None where it
    fails none."""
    faults = [
        one
        for one in rep.criteria or ()
        if one.joints and one.score is not None and one.score < FAULT
    ]
    return min(faults, key=lambda one: one.score or 0.0, default=None)


def joint_bits(joints: Iterable[str], count: int = COUNT) -> int:
    """The bits of both sides' joints in a pose of `count` keypoints."""
    names = COCO_NAMES if count == COUNT else MEDIAPIPE_NAMES
    wanted = {f"{side}_{joint}" for side in ("left", "right") for joint in joints}
    return sum(1 << place for place, name in enumerate(names) if name in wanted)


@dataclass(frozen=True)
class FocusTrack:
    """The joints that stand out at a time: those of the worst fault of the rep that is under
    way."""

    spans: tuple[tuple[float, float, tuple[str, ...]], ...]
    """Start and end of the reps with a fault in microseconds, in order, and the joints."""

    def bits_at(self, time_us: int, count: int = COUNT) -> int:
        """The bits at a media time, 0 between reps and in those without a fault."""
        place = bisect_right(self.spans, float(time_us), key=lambda span: span[0]) - 1
        if place < 0 or time_us > self.spans[place][1]:
            return 0
        return joint_bits(self.spans[place][2], count)


def focus_track(history: Iterable[Rep]) -> FocusTrack:
    """The track of counted reps."""
    return FocusTrack(
        tuple(
            (1000.0 * rep.startMs, 1000.0 * rep.endMs, fault.joints)
            for rep in history
            if rep.counted and (fault := worst_fault(rep)) is not None
        )
    )
