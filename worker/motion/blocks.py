"""Frames regrouped by their place alone, so that how they were chunked cannot matter.

A block is a fixed number of frames from a multiple of that number. It is released with its
context once the frames that its values depend on are there; the same arrays come out for every
chunking, hence the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import PoseChunk
from worker.motion.smoothing import CONTEXT_US


@dataclass(frozen=True)
class Block:
    """Frames `inside` of a window of consecutive frames.

    `first` is the frame index of the block's first row; `times_us` [m] and `joints` [m, k, 3] are
    the window's.
    """

    first: int
    times_us: NDArray[np.int64]
    joints: NDArray[np.float32]
    inside: slice

    def __len__(self) -> int:
        return int(self.inside.stop) - int(self.inside.start)


class Blocks:
    """Takes chunks in order and gives back blocks, about `seconds` of media each."""

    def __init__(self, fps: float, seconds: float = 0.4) -> None:
        self._size = min(max(round(fps * seconds) if fps > 0 else 12, 4), 32)
        self._times: NDArray[np.int64] = np.zeros(0, np.int64)
        self._joints: NDArray[np.float32] = np.zeros((0, 17, 3), np.float32)
        self._first = 0
        self._next = 0
        self._started = False

    def feed(self, chunk: PoseChunk) -> Iterator[Block]:
        """The blocks that `chunk` completes. Raises ValueError if its frames do not follow on."""
        if not self._started:
            self._started = True
            self._first = self._next = chunk.first
            self._joints = np.zeros((0, *chunk.keypoints.shape[1:]), np.float32)
        if chunk.first != self._first + len(self._times):
            raise ValueError(f"frame {chunk.first} does not follow {self._first}")
        self._times = np.concatenate((self._times, chunk.times_us))
        self._joints = np.concatenate((self._joints, chunk.keypoints))
        while (block := self._take(self._size, whole=False)) is not None:
            yield block

    def finish(self) -> Iterator[Block]:
        """The blocks that are left at the end of the media."""
        while (block := self._take(self._size, whole=True)) is not None:
            yield block

    def _take(self, size: int, *, whole: bool) -> Block | None:
        begin = self._next - self._first
        stop = min(begin + size, len(self._times))
        if stop == begin or (stop - begin < size and not whole):
            return None
        limit = self._times[stop - 1] + CONTEXT_US
        if not whole and self._times[-1] <= limit:
            return None
        low = int(np.searchsorted(self._times[:begin], self._times[begin] - CONTEXT_US))
        high = stop + int(np.searchsorted(self._times[stop:], limit, side="right"))
        block = Block(
            first=self._next,
            times_us=self._times[low:high],
            joints=self._joints[low:high],
            inside=slice(begin - low, stop - low),
        )
        self._times, self._joints = self._times[low:], self._joints[low:]
        self._first += low
        self._next += stop - begin
        return block
