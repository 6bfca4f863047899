"""Frames grouped into chunks of media time, read ahead in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import CHUNK_SECONDS
from worker.media.decoding.video import Frame, FrameReader

MOST_FRAMES = 256
"""Most frames of a chunk, so that slow motion at its native rate fits in memory."""


@dataclass(frozen=True)
class FrameChunk:
    """Consecutive frames: index of the first, times int64 [n] in us, n images uint8 RGB [h, w, 3];
    `incomplete`: by its end something of the file could not be decoded."""

    first: int
    times_us: NDArray[np.int64]
    images: list[NDArray[np.uint8]]
    incomplete: bool = False

    def of(self, rows: list[int]) -> FrameChunk:
        """The frames in `rows`, the first among them."""
        return FrameChunk(self.first, self.times_us[rows], [self.images[row] for row in rows])


def grouped(frames: Iterator[Frame]) -> Iterator[FrameChunk]:
    """Frames in chunks of CHUNK_SECONDS of media time.

    The end of a chunk depends on its own frames only, so decoding from the first frame of a chunk
    gives the same chunks.
    """
    span = round(CHUNK_SECONDS * 1e6)
    pending: list[Frame] = []
    for frame in frames:
        if pending and (
            frame.time_us // span != pending[0].time_us // span or len(pending) >= MOST_FRAMES
        ):
            yield _chunk(pending)
            pending = []
        pending.append(frame)
    if pending:
        yield _chunk(pending)


def _chunk(frames: list[Frame]) -> FrameChunk:
    times = np.array([frame.time_us for frame in frames], np.int64)
    return FrameChunk(frames[0].index, times, [frame.image for frame in frames])


class PrefetchingReader:
    """Chunks of a decode, one read ahead in a thread; a context manager that closes the decode.

    An exception of the decode is raised in the place of the chunk that it prevented.
    """

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader
        self._ready: queue.Queue[FrameChunk | BaseException | None] = queue.Queue(maxsize=1)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)

    def __enter__(self) -> Iterator[FrameChunk]:
        self._thread.start()
        return self._chunks()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._reader.close()
        while self._thread.is_alive():
            self._drain()
            self._thread.join(0.05)

    def _read(self) -> None:
        try:
            for chunk in grouped(self._reader):
                self._ready.put(replace(chunk, incomplete=self._reader.incomplete))
                if self._stopped.is_set():
                    return
            self._ready.put(None)
        except BaseException as error:  # raised again in the consumer
            self._ready.put(error)

    def _chunks(self) -> Iterator[FrameChunk]:
        while True:
            item = self._ready.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _drain(self) -> None:
        while not self._ready.empty():
            self._ready.get_nowait()
