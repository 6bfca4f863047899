"""Where a long video is cut, so that its parts can be estimated by several workers at once.

Segments are spans of media time. Towards the end of each, the state of an estimation that began
WARM_S before the next one is carried along; at the seam that state takes over, if its subject is
the one that was followed so far. Where it is not, the estimation goes on as if there were no seam.
So a segment can be estimated from WARM_S before it on, and is, wherever the subject agrees, what a
single pass gives. A single pass keeps the same rule: poses do not tell how many worked on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import CHUNK_SECONDS, PoseChunk
from worker.pipeline.frame_chunks import FrameChunk
from worker.pose.tracking.subject_tracker import CHOICE, WARM, Choice, same_subject

WARM_S = 4.0
"""Media time in which a new estimation finds the subject: half of what a weight fades in."""
LOOK = "look"
"""Where a chunk's state says what its last picture looks like."""
_LOOK_SIDE = 4
_LOOK_APART = 3
"""Steps of 255 by which the same picture may differ from one machine's decoder to another's."""


@dataclass(frozen=True)
class Segments:
    """Segments of `seconds` of media each, whole chunks; 0 for one that never ends. `choice` is
    whom the job asks for."""

    seconds: float
    choice: Choice = "auto"

    def first_state(self, *, whole: bool) -> dict[str, Any]:
        """The state in which an estimation begins, of the `whole` media or inside of it, where
        nobody knows any more who was at a point of the first picture."""
        if self.choice == "auto" or (isinstance(self.choice, tuple) and not whole):
            return {}
        return {CHOICE: self.choice if isinstance(self.choice, str) else list(self.choice)}

    def of(self, time_us: int) -> int:
        """The segment that a frame is in."""
        return int(time_us // self._span_us) if self.seconds else 0

    def of_chunk(self, chunk: PoseChunk | FrameChunk) -> int:
        """The segment that a chunk is in: none is in two."""
        return self.of(int(chunk.times_us[0]))

    def count(self, duration_us: float) -> int:
        """How many segments a video of so many microseconds has, by what its header says."""
        return max(1, math.ceil(duration_us / self._span_us)) if self.seconds else 1

    def begin_us(self, segment: int) -> int:
        """When a segment begins."""
        return segment * self._span_us

    def warm_us(self, segment: int) -> int:
        """When the estimation that is to go on as `segment` begins; a chunk's border."""
        back = math.floor(min(WARM_S, self.seconds / 2) / CHUNK_SECONDS) * CHUNK_SECONDS
        return self.begin_us(segment) - round(back * 1e6)

    def state_for(self, previous: PoseChunk | None, first_us: int) -> dict[str, Any]:
        """The state to estimate the chunk in that begins at `first_us`, behind `previous`."""
        if previous is None:
            state = self.first_state(whole=True)
        elif self.of(first_us) != self.of_chunk(previous):
            warm = self.start_of(previous, self.of(first_us))
            state = _without(previous.state, WARM) if warm is None else warm
        else:
            state = dict(previous.state)
        if self.seconds and first_us >= self.warm_us(self.of(first_us) + 1):
            state.setdefault(WARM, self.first_state(whole=False))
        return _without(state, LOOK)

    def start_of(self, last: PoseChunk, segment: int) -> dict[str, Any] | None:
        """The state that takes over at the seam between `last` and a segment; None where the seam
        is passed over."""
        warm: dict[str, Any] | None = last.state.get(WARM)
        follows = segment == self.of_chunk(last) + 1
        if warm is None or not follows or not same_subject(last.state, warm):
            return None
        return dict(warm)

    @property
    def _span_us(self) -> int:
        return round(self.seconds * 1e6)


def frame_fingerprint(image: NDArray[np.uint8]) -> list[int]:
    """A picture's brightness in 4 x 4 fields, 0-255 each."""
    small = cv2.resize(image, (_LOOK_SIDE, _LOOK_SIDE), interpolation=cv2.INTER_AREA)
    return [int(value) for value in small.mean(axis=2).ravel()]


def matches(chunk: PoseChunk, times_us: list[int], look: list[int] | None) -> bool:
    """Whether frames that were read anew are those of `chunk`, by their times and the last one's
    look; what is not known is not compared."""
    if chunk.times_us.tolist() != times_us:
        return False
    known = chunk.state.get(LOOK)
    if known is None or look is None:
        return True
    return all(abs(one - other) <= _LOOK_APART for one, other in zip(known, look, strict=True))


def _without(state: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != name}
