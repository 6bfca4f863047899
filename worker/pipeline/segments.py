"""Segments of a long video, which several workers can estimate at once.

Segments are spans of media time. Towards the end of each, a second state is carried along, of an
estimation that began WARM_S before the next segment; at the seam that state takes over if it has
the same subject, otherwise the estimation goes on as if there were no seam. So a segment can be
estimated from WARM_S before it, with the result of a single pass wherever the subject agrees. A
single pass keeps the same rule: poses do not depend on the number of workers.
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
from worker.pose.tracking.subject_states import same_subject
from worker.pose.tracking.subject_tracker import CHOICE, Choice

WARM_S = 4.0
"""Media seconds in which a new estimation finds the subject: half the tracker's FADE_S."""
WARM = "warm"
"""Key of a chunk's state: the state of an estimation that begins with a later segment."""
LOOK = "look"
"""Key of a chunk's state: the fingerprint of its last frame."""
_LOOK_SIDE = 4
_LOOK_APART = 3
"""Steps of 255 by which the decoders of two machines may differ in the same picture."""


@dataclass(frozen=True)
class Segments:
    """Segments of `seconds` of media each, whole chunks; 0 = a single one without end. `choice` is
    the subject that the job asks for."""

    seconds: float
    choice: Choice = "auto"

    def first_state(self, *, whole: bool) -> dict[str, Any]:
        """The state in which an estimation begins; `whole`: at the beginning of the media.

        Inside of it a point of the first picture no longer identifies a person, and is left out.
        """
        if self.choice == "auto" or (isinstance(self.choice, tuple) and not whole):
            return {}
        return {CHOICE: self.choice if isinstance(self.choice, str) else list(self.choice)}

    def of(self, time_us: int) -> int:
        """Number of the segment that a media time is in."""
        return int(time_us // self._span_us) if self.seconds else 0

    def of_chunk(self, chunk: PoseChunk | FrameChunk) -> int:
        """Number of the segment that a chunk is in; no chunk is in two."""
        return self.of(int(chunk.times_us[0]))

    def count(self, duration_us: float) -> int:
        """Number of segments of a video of `duration_us` microseconds, as its header has it."""
        return max(1, math.ceil(duration_us / self._span_us)) if self.seconds else 1

    def begin_us(self, segment: int) -> int:
        """Media time at which a segment begins, in us."""
        return segment * self._span_us

    def warm_us(self, segment: int) -> int:
        """Media time at which the warm-up of a segment begins, in us; a border of chunks."""
        back = math.floor(min(WARM_S, self.seconds / 2) / CHUNK_SECONDS) * CHUNK_SECONDS
        return self.begin_us(segment) - round(back * 1e6)

    def state_for(self, previous: PoseChunk | None, first_us: int) -> dict[str, Any]:
        """The state for the chunk that begins at `first_us` and follows `previous`."""
        if previous is None:
            state = self.first_state(whole=True)
        elif self.of(first_us) != self.of_chunk(previous):
            warm = self.start_of(previous, self.of(first_us))
            state = without(previous.state, WARM) if warm is None else warm
        else:
            state = dict(previous.state)
        if self.seconds and first_us >= self.warm_us(self.of(first_us) + 1):
            state.setdefault(WARM, self.first_state(whole=False))
        return without(state, LOOK)

    def start_of(self, last: PoseChunk, segment: int) -> dict[str, Any] | None:
        """The state that takes over at the seam between `last` and `segment`; None to go on across
        it."""
        warm: dict[str, Any] | None = last.state.get(WARM)
        follows = segment == self.of_chunk(last) + 1
        if warm is None or not follows or not same_subject(last.state, warm):
            return None
        return dict(warm)

    @property
    def _span_us(self) -> int:
        return round(self.seconds * 1e6)


def frame_fingerprint(image: NDArray[np.uint8]) -> list[int]:
    """Mean brightness of a picture in 4 x 4 fields, 0-255 each."""
    small = cv2.resize(image, (_LOOK_SIDE, _LOOK_SIDE), interpolation=cv2.INTER_AREA)
    return [int(value) for value in small.mean(axis=2).ravel()]


def matches(chunk: PoseChunk, times_us: list[int], look: list[int] | None) -> bool:
    """Whether frames that were read again are those of which `chunk` has some or all, by their
    times and the fingerprint of the last; unknown fingerprints are not compared."""
    own = chunk.times_us.tolist()
    if own[:1] != times_us[:1] or not set(own) <= set(times_us):
        return False
    known = chunk.state.get(LOOK)
    if known is None or look is None:
        return True
    return all(abs(one - other) <= _LOOK_APART for one, other in zip(known, look, strict=True))


def without(state: dict[str, Any], name: str) -> dict[str, Any]:
    """The state without one of its entries."""
    return {key: value for key, value in state.items() if key != name}
