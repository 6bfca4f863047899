"""Segments: whoever estimates them, from wherever, the chunks are those of a single pass."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pipeline.tracking import SEGMENT_S, Tracking, make_clip
from tests.pose.tracking.test_subject_tracker import by_pose
from worker.contract.poses import PoseChunk, encode_chunk
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import probe
from worker.media.sandbox.limits import MediaLimits
from worker.pipeline.estimation import DamagedSegment, SegmentStart, VideoEstimator
from worker.pipeline.segments import WARM, Segments
from worker.pose.detectors.nanodet import Detections
from worker.pose.interfaces import Image
from worker.pose.tracking.subject_states import same_subject
from worker.pose.tracking.subject_tracker import Choice, SubjectTracker


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("long") / "long.mp4")


def estimating(clip: Path, models: Tracking | None = None) -> VideoEstimator:
    segments, limits = Segments(SEGMENT_S), MediaLimits()
    return VideoEstimator(clip, probe(clip), models or Tracking(), segments, limits, 60.0)


@pytest.fixture(scope="module")
def whole(clip: Path) -> list[PoseChunk]:
    return list(estimating(clip).chunks(None, 0))


def bytes_of(chunks: Sequence[PoseChunk]) -> list[bytes]:
    return [encode_chunk(chunk) for chunk in chunks]


def joined(chunks: list[PoseChunk], behind: PoseChunk) -> list[PoseChunk]:
    """A segment's chunks, numbered as they stand in the log."""
    place, first = behind.index + 1, behind.first + len(behind)
    return [replace(c, index=c.index + place, first=c.first + first) for c in chunks]


def test_a_single_pass(whole: list[PoseChunk]) -> None:
    assert [chunk.index for chunk in whole] == list(range(9))
    assert [chunk.first for chunk in whole] == list(range(0, 175, 20))
    carried = [WARM in chunk.state for chunk in whole]
    assert carried == [False, True] * 4 + [False]
    born_s = [chunk.state["tracks"][0]["born_s"] for chunk in whole]
    assert born_s == [0, 0, 2, 2, 6, 6, 10, 10, 14]  # the state of the warm-up takes over


@pytest.mark.parametrize("segment", [1, 2, 4])
def test_a_segment_by_itself(clip: Path, whole: list[PoseChunk], segment: int) -> None:
    start, *chunks = estimating(clip).segment(segment)
    before = whole[2 * segment - 1]
    assert isinstance(start, SegmentStart)
    assert start.behind(before)
    assert not start.behind(whole[2 * segment - 2])
    found = joined([c for c in chunks if isinstance(c, PoseChunk)], before)
    assert bytes_of(found) == bytes_of(whole[2 * segment : 2 * segment + 2])


@pytest.mark.parametrize("behind", [0, 1, 2, 7, 8])
def test_an_estimation_goes_on_behind_any_chunk(
    clip: Path, whole: list[PoseChunk], behind: int
) -> None:
    models = Tracking()
    rest = list(estimating(clip, models).chunks(whole[behind], behind + 1))
    assert bytes_of(rest) == bytes_of(whole[behind + 1 :])
    assert models.estimated == sum(map(len, rest))  # nothing was estimated twice


def test_where_seeking_misses_all_is_read_from_the_start(
    clip: Path, whole: list[PoseChunk], tmp_path: Path
) -> None:
    """A transport stream has no index: ffmpeg lands behind the keyframe it needs."""
    stream = tmp_path / "long.ts"
    command = [find_tools().ffmpeg, "-v", "error", "-i", clip, "-c", "copy", stream]
    subprocess.run(command, check=True)
    chunks = list(estimating(stream).chunks(None, 0))
    missed = 0
    for behind in (2, 5):
        rest = list(estimating(stream).chunks(chunks[behind], behind + 1))
        assert bytes_of(rest) == bytes_of(chunks[behind + 1 :])
    for segment in (1, 2, 3):
        start = next(estimating(stream).segment(segment))
        missed += isinstance(start, SegmentStart) and not start.behind(chunks[2 * segment - 1])
    assert missed


def test_another_subject_in_the_warm_up_does_not_take_over(clip: Path) -> None:
    """Somebody larger comes in during the warm-up: to go on with whom is the first one's."""
    chunks = list(estimating(clip, Tracking(newcomer_s=5.9)).chunks(None, 0))
    before, after = chunks[3], chunks[4]
    assert not same_subject(before.state, before.state[WARM])
    assert after.state["subject"] == before.state["subject"]
    assert estimating(clip).segments.start_of(before, 2) is None
    assert all(chunk.state["subject"] == before.state["subject"] for chunk in chunks[4:6])


def test_a_damaged_segment_is_given_up(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = bytes(600)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    damaged = 0
    for segment in range(1, 5):
        try:
            list(estimating(broken).segment(segment))
        except DamagedSegment:
            damaged += 1
    assert 1 <= damaged <= 2


def test_segments_by_the_clock() -> None:
    segments = Segments(24.0)
    assert [segments.of(t) for t in (0, 23_999_999, 24_000_000)] == [0, 0, 1]
    assert (segments.begin_us(2), segments.warm_us(2)) == (48_000_000, 44_000_000)
    assert [segments.count(d) for d in (1.0, 24e6, 24e6 + 1, 720e6)] == [1, 1, 2, 30]
    never = Segments(0.0)
    assert (never.of(10**12), never.count(1e12)) == (0, 1)


class TwoPeople(Tracking):
    """A larger one stands by while the other squats."""

    def warm_up_state(
        self, times_us: NDArray[np.int64], images: Sequence[Image], state: dict[str, Any],
        _keys: object,
    ) -> dict[str, Any]:  # fmt: skip
        tracker = SubjectTracker.restore(160, 120, state)
        for time in (times_us / 1e6).tolist():
            depth = 12 * (1 - math.cos(math.pi * time))
            boxes = np.array([[90, 5, 135, 118], [35, 30 + depth, 62, 110]], np.float32)
            people = Detections(boxes, np.full(2, 0.9, np.float32))
            tracker.update(people, time, by_pose(*boxes.tolist()))
        return tracker.state()


@pytest.mark.parametrize(("choice", "left"), [("auto", 35), ("largest", 90), ("right", 90)])
def test_a_video_begins_with_who_exercises(clip: Path, choice: Choice, left: float) -> None:
    segments = Segments(SEGMENT_S, choice)
    video = VideoEstimator(clip, probe(clip), TwoPeople(), segments, MediaLimits(), None)
    chunks = list(video.chunks(None, 0))
    assert chunks[0].state["opening"][0] == left
    resumed = VideoEstimator(clip, probe(clip), TwoPeople(), segments, MediaLimits(), None)
    rest = list(resumed.chunks(chunks[0], 1))
    assert [*map(encode_chunk, rest)] == [*map(encode_chunk, chunks[1:])]
