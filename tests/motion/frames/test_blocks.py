"""Spans hold whole blocks at fixed places, with the frames that their values depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synthetic.perform import Script, perform, split
from worker.contract.poses import PoseChunk
from worker.motion.frames.blocks import MOST_BLOCKS, Blocks, Span
from worker.motion.frames.smoothing import CONTEXT_US

CHUNK = perform(Script(uneven=0.6, seed=2))[1]
FPS = 30.0


def spans_of(*parts: list[PoseChunk]) -> list[Span]:
    blocks = Blocks(FPS)
    found = [span for chunks in parts for span in blocks.feed(*chunks)]
    return found + list(blocks.finish())


def places(spans: list[Span]) -> list[tuple[int, int]]:
    """First frame and length of every block."""
    return [
        (s.first + start, min(s.size, len(s) - start))
        for s in spans
        for start in range(0, len(s), s.size)
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 70), max_size=20))
def test_blocks_stand_at_the_same_places_for_every_chunking(sizes: list[int]) -> None:
    spans = spans_of(*([chunk] for chunk in split(CHUNK, sizes)))
    assert places(spans) == places(spans_of([CHUNK]))
    starts = [first for first, _ in places(spans)]
    assert starts == list(range(0, len(CHUNK), 12))
    for span in spans:
        own = span.times_us[span.inside]
        assert own.tolist() == CHUNK.times_us[span.first : span.first + len(span)].tolist()
        wanted = np.abs(CHUNK.times_us[:, None] - own).min(axis=1) <= CONTEXT_US
        assert set(CHUNK.times_us[wanted].tolist()) <= set(span.times_us.tolist())


def test_all_that_is_ready_comes_in_one_span() -> None:
    chunks = split(CHUNK, [60] * 10)
    together = spans_of(chunks)
    assert len(together) == 2
    assert len(together[0]) > 12 * 12
    assert places(together) == places(spans_of(*([chunk] for chunk in chunks)))


def test_a_span_has_its_limit() -> None:
    times = np.arange(3000, dtype=np.int64) * 33_333
    zeros = np.zeros((len(times), 17, 3), np.float32)
    whole = replace(CHUNK, times_us=times, keypoints=zeros)
    assert max(len(span) for span in spans_of([whole])) == MOST_BLOCKS * 12


def test_chunks_that_leave_frames_out_are_refused() -> None:
    first, second, third = split(CHUNK, [20, 20])
    with pytest.raises(ValueError, match="does not follow"):
        list(Blocks(FPS).feed(first, third))
    assert spans_of([first, second, third])


def test_nothing_is_given_for_nothing() -> None:
    assert spans_of([]) == []
