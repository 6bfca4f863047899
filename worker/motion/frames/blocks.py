"""Frames regrouped by their place alone, so that how they were chunked cannot matter.

A block is a fixed number of frames from a multiple of that number; what keeps a state steps by
blocks. Blocks are released once the frames that their values depend on are there, all that are
ready together: a span. Values of a frame in a span may depend on its block, never on the span.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import PoseChunk
from worker.motion.frames.smoothing import CONTEXT_US

BLOCK_S = 0.4

MOST_BLOCKS = 40
"""Blocks in a span at most: more gain no time and cost memory."""


@dataclass(frozen=True)
class Span:
    """Frames `inside` of a window of consecutive frames: whole blocks of `size` frames, the last
    shorter at the end of the media.

    `first` is the frame index of the first row of `inside`; `times_us` [m] and `joints` [m, k, 3]
    are the window's.
    """

    first: int
    times_us: NDArray[np.int64]
    joints: NDArray[np.float32]
    inside: slice
    size: int

    def __len__(self) -> int:
        return int(self.inside.stop) - int(self.inside.start)


class Blocks:
    """Takes chunks in order and gives back spans of blocks, about BLOCK_S of media a block."""

    def __init__(self, fps: float) -> None:
        self._size = min(max(round(fps * BLOCK_S) if fps > 0 else 12, 4), 32)
        self._times: NDArray[np.int64] = np.zeros(0, np.int64)
        self._joints: NDArray[np.float32] | None = None
        self._first = 0
        self._begin = 0

    def feed(self, *chunks: PoseChunk) -> Iterator[Span]:
        """The blocks that `chunks` complete. Raises ValueError if their frames do not follow on."""
        for chunk in chunks:
            if self._joints is None:
                self._first, self._joints = chunk.first, chunk.keypoints[:0]
            if chunk.first != (expected := self._first + len(self._times)):
                raise ValueError(f"frame {chunk.first} does not follow {expected - 1}")
            self._times = np.concatenate((self._times, chunk.times_us))
            self._joints = np.concatenate((self._joints, chunk.keypoints))
        while frames := self._ready():
            yield self._take(frames)

    def finish(self) -> Iterator[Span]:
        """The blocks that are left at the end of the media."""
        while left := len(self._times) - self._begin:
            yield self._take(min(left, MOST_BLOCKS * self._size))

    def _ready(self) -> int:
        """Frames of the whole blocks whose context is there, as far as one span takes them."""
        if not len(self._times):
            return 0
        known = int(np.searchsorted(self._times, self._times[-1] - CONTEXT_US))
        return min(max((known - self._begin) // self._size, 0), MOST_BLOCKS) * self._size

    def _take(self, frames: int) -> Span:
        assert self._joints is not None
        begin, stop = self._begin, self._begin + frames
        low, high = np.searchsorted(
            self._times,
            (self._times[begin] - CONTEXT_US, self._times[stop - 1] + CONTEXT_US + 1),
        ).tolist()
        span = Span(
            first=self._first + begin,
            times_us=self._times[low:high],
            joints=self._joints[low:high],
            inside=slice(begin - low, stop - low),
            size=self._size,
        )
        self._times, self._joints = self._times[low:], self._joints[low:]
        self._first, self._begin = self._first + low, stop - low
        return span
