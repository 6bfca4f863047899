"""Frames in chunks, and reading ahead of the estimation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.contract.errors import ErrorCode, JobError
from worker.contract.poses import CHUNK_SECONDS
from worker.media.decoding.video import Frame, FrameReader
from worker.pipeline.frame_chunks import MOST_FRAMES, PrefetchingReader, grouped

IMAGE = np.zeros((2, 2, 3), np.uint8)
SPAN_US = round(CHUNK_SECONDS * 1e6)


def frames(times_us: list[int], first: int = 0) -> list[Frame]:
    return [Frame(first + n, time, IMAGE) for n, time in enumerate(times_us)]


def test_a_chunk_holds_the_frames_of_one_span() -> None:
    times = [0, 500_000, SPAN_US - 1, SPAN_US, SPAN_US + 1, 3 * SPAN_US, 7 * SPAN_US - 1]
    chunks = list(grouped(iter(frames(times))))
    assert [chunk.times_us.tolist() for chunk in chunks] == [
        times[:3], times[3:5], times[5:6], times[6:]
    ]  # fmt: skip
    assert [chunk.first for chunk in chunks] == [0, 3, 5, 6]
    assert chunks[0].times_us.dtype == np.int64
    late = [SPAN_US - 1, SPAN_US, 2 * SPAN_US - 1]  # spans are those of the clock
    assert [len(chunk.images) for chunk in grouped(iter(frames(late)))] == [1, 2]
    assert list(grouped(iter([]))) == []


def test_a_chunk_never_holds_too_many() -> None:
    chunks = list(grouped(iter(frames(list(range(2 * MOST_FRAMES + 5))))))
    assert [len(chunk.images) for chunk in chunks] == [MOST_FRAMES, MOST_FRAMES, 5]


@given(st.lists(st.integers(1, SPAN_US), min_size=1, max_size=40), st.data())
def test_a_decode_from_a_chunk_on_makes_the_same_chunks(
    steps: list[int], data: st.DataObject
) -> None:
    all_frames = frames(np.cumsum(steps).tolist())
    whole = list(grouped(iter(all_frames)))
    start = data.draw(st.integers(0, len(whole) - 1))
    rest = list(grouped(iter(all_frames[whole[start].first :])))
    assert [(chunk.first, chunk.times_us.tolist()) for chunk in rest] == [
        (chunk.first, chunk.times_us.tolist()) for chunk in whole[start:]
    ]


class Reader:
    """Hands out frames of a chunk each, then raises `error`, or goes on for ever."""

    incomplete = False

    def __init__(
        self, count: int, error: Exception | None = None, *, endless: bool = False
    ) -> None:
        self.frames = frames([SPAN_US * n for n in range(count)])
        self.error = error
        self.endless = endless
        self.closed = threading.Event()
        self.given = 0

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        if self.given < len(self.frames):
            self.given += 1
            return self.frames[self.given - 1]
        if self.endless:
            assert self.closed.wait(20)  # as a child does that is killed
        if self.error is not None:
            raise self.error
        raise StopIteration

    def close(self) -> None:
        self.closed.set()


def ahead(reader: Reader) -> PrefetchingReader:
    return PrefetchingReader(cast(FrameReader, reader))


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_everything_is_read_in_order_and_the_decode_ended() -> None:
    reader = Reader(7)
    with ahead(reader) as chunks:
        assert [chunk.first for chunk in chunks] == list(range(7))
    assert reader.closed.is_set()
    assert readers() == []


def test_the_error_comes_where_the_chunk_would_have_come() -> None:
    reader = Reader(3, JobError(ErrorCode.MEDIA_DECODE_ERROR, "broken"))
    with ahead(reader) as chunks:
        assert [next(chunks).first, next(chunks).first] == [0, 1]
        with pytest.raises(JobError, match="broken"):
            next(chunks)  # the third frame's chunk is not whole
    assert readers() == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("taken", [0, 1, 2])
@pytest.mark.parametrize("endless", [False, True])
def test_leaving_early_ends_the_decode_and_never_hangs(taken: int, endless: bool) -> None:
    reader = Reader(5, endless=endless)
    with ahead(reader) as chunks:
        for _ in range(taken):
            next(chunks)
    assert reader.closed.is_set()
    assert readers() == []
