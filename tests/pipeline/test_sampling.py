"""How many frames a second are estimated, and that nobody's work changes which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pipeline.tracking import SEGMENT_S, Tracking, make_clip
from worker.contract.errors import JobError
from worker.contract.options import JobOptions, parse_options
from worker.contract.poses import PoseChunk, Sampling, encode_chunk, quantised
from worker.media.probing.probe import probe
from worker.media.sandbox.limits import MediaLimits
from worker.pipeline.estimation import SegmentStart, VideoEstimator
from worker.pipeline.sampling import is_quick, sampled_rows, sampling_of, selections
from worker.pipeline.segments import Segments
from worker.pose.interfaces import Image

FEW = Sampling(fps=5.0)
REPS = Sampling(fps=7.5, quick=30.0)


@pytest.mark.parametrize(
    ("fields", "sampling"),
    [
        ({"exercise": "squat"}, REPS),
        ({"exercise": "high_knees", "export": "video,poster"}, REPS),
        ({"exercise": "plank"}, FEW),
        ({"exercise": "squat", "keypoints": True}, None),
        ({"exercise": "squat", "angles": True}, None),
        ({"exercise": "squat", "export": "keypoints"}, None),
        ({"exercise": "air_time_jump"}, None),
        ({"exercise": "auto"}, None),
        ({"reference": "ref_1"}, None),
        ({}, None),
        ({"source": "image"}, None),
        ({"exercise": "squat", "sampling": "native"}, None),
        ({"exercise": "air_time_jump", "sampling": 24}, Sampling(fps=24.0)),
        ({"exercise": "squat", "keypoints": True, "sampling": "12.5"}, Sampling(fps=12.5)),
    ],
)
def test_frames_by_need(fields: dict[str, Any], sampling: Sampling | None) -> None:
    assert sampling_of(parse_options(fields)) == sampling


def test_the_default_is_for_jobs_that_name_none() -> None:
    assert sampling_of(JobOptions(exercise="squat"), "native") is None
    assert sampling_of(JobOptions(exercise="squat", sampling="auto"), "native") == REPS
    assert sampling_of(JobOptions(exercise="squat"), "10") == Sampling(fps=10.0)


@pytest.mark.parametrize("value", ["often", 0, 0.5, 241, -3, "nan", "inf", True, [], "1,2"])
def test_what_is_no_sampling(value: object) -> None:
    with pytest.raises(JobError, match="sampling"):
        parse_options({"sampling": value})


@pytest.mark.parametrize(
    ("native", "fps", "expected"), [(30, 15, 15), (60, 15, 15), (25, 15, 12.5), (30, 30, 30)]
)
def test_rows_at_a_rate(native: int, fps: float, expected: float) -> None:
    times = (np.arange(10 * native) * 1e6 / native).round(-3).astype(np.int64)
    assert len(sampled_rows(times, fps)) == 10 * expected


def test_rows_of_a_variable_rate_follow_the_clock() -> None:
    times = np.array([0, 10, 20, 100, 101, 102, 300, 500, 501], np.int64) * 1000
    assert sampled_rows(times, 15) == [0, 3, 6, 7]


@pytest.mark.parametrize("fps", [10, 15, 24, 25, 30])
@pytest.mark.parametrize("frames", [1, 2, 7, 60])
def test_denser_frames_contain_the_others_and_their_keyframes(fps: int, frames: int) -> None:
    times = (np.arange(frames) * 1e6 / fps).astype(np.int64)
    chosen = selections(times, REPS)
    assert chosen[-1].rows == list(range(frames))
    for few, more in pairwise(chosen):
        assert set(few.rows) < set(more.rows)
        looked, again = ({one.rows[key] for key in one.keys} for one in (few, more))
        # so that the boxes of what was estimated stay, and with them its poses
        assert again - looked <= {more.rows[-1]}
        assert looked <= again
        assert {few.rows[0], few.rows[-1]} <= looked


def test_rates_double_up_to_that_of_quick_movement() -> None:
    times = (np.arange(60) * 1e6 / 30).astype(np.int64)
    assert [len(one.rows) for one in selections(times, REPS)] == [15, 30, 60]
    assert [len(one.rows) for one in selections(times, FEW)] == [60]
    calm = selections(times, REPS)[0]
    assert calm.keys == [0, 2, 4, 6, 8, 10, 12, 14]


@pytest.mark.parametrize("fps", [18, 19, 20, 24, 25, 30, 50, 60, 120])
def test_thinned_frames_are_not_much_fewer_than_the_rate_says(fps: int) -> None:
    spaced = (np.arange(2 * fps + 1) * 1e6 / fps).astype(np.int64)
    chosen = selections(spaced, REPS)
    assert len(chosen) > 1
    assert np.diff(spaced[chosen[0].rows]).max() <= 4 / 3 * 1e6 / REPS.fps
    assert len(chosen[-1].rows) == len(spaced)


def moving(
    period_s: float, reach: float = 0.2, fps: float = 15.0, jitter: float = 0.0
) -> PoseChunk:
    """Two seconds of legs that go up and down by `reach` of the body's height."""
    times = np.arange(0, 2, 1 / fps)
    poses = np.full((len(times), 17, 3), 0.5, np.float32)
    poses[..., 2] = 0.9
    wave = reach / 2 * np.sin(2 * np.pi * times / period_s)
    poses[:, 13:, 1] += wave[:, None].astype(np.float32)
    noise = np.random.default_rng(1).normal(0, jitter, poses.shape)
    poses[..., :2] += noise[..., :2].astype(np.float32)
    boxes = np.tile(np.array([0.4, 0, 0.6, 1], np.float32), (len(times), 1))
    return quantised(PoseChunk(0, 0, (times * 1e6).astype(np.int64), poses, boxes))


@pytest.mark.parametrize(
    ("chunk", "quick"),
    [
        (moving(0.4), True),
        (moving(0.5, 0.3), True),
        (moving(1.5), False),
        (moving(3.0, 0.5), False),
        (moving(3.0, 0.5, jitter=0.01), False),
        (moving(0.4, 0.0), False),
    ],
)
def test_what_is_quick(chunk: PoseChunk, quick: bool) -> None:
    assert is_quick(chunk, 1.0) is quick


@pytest.mark.parametrize(("period_s", "quick"), [(1.1, True), (4.0, False)])
def test_of_sparse_frames_one_joint_tells(period_s: float, quick: bool) -> None:
    chunk = moving(period_s, 0.5, fps=7.5)
    still = chunk.keypoints.copy()
    still[:, 5:16] = still[:1, 5:16]  # one ankle alone moves
    assert is_quick(replace(chunk, keypoints=still), 1.0) is quick


def test_movement_that_few_frames_do_not_show_may_be_quick() -> None:
    for fps, quick in ((7.5, True), (15.0, False)):
        chunk = moving(3.0, fps=fps)
        few = replace(
            chunk, times_us=chunk.times_us[:4], keypoints=chunk.keypoints[:4], boxes=chunk.boxes[:4]
        )
        assert is_quick(few, 1.0) is quick


def test_nobody_is_not_quick() -> None:
    chunk = moving(0.4)
    none = replace(chunk, keypoints=chunk.keypoints * 0, boxes=chunk.boxes * 0)
    assert not is_quick(none, 1.0)


class Quick(Tracking):
    """Who moves too quickly for the usual rate from 3 to 9 s."""

    def estimate(
        self, index: int, first: int, times_us: NDArray[np.int64], images: Sequence[Image],
        state: dict[str, Any], _keys: object,
    ) -> PoseChunk:  # fmt: skip
        chunk = super().estimate(index, first, times_us, images, state, _keys)
        inside = (times_us >= 3e6) & (times_us < 9e6)
        wave = np.where(inside, 0.2 * np.sin(2 * np.pi * times_us / 1e6 / 0.7), 0)
        boxes = np.tile(np.array([0, 0, 1, 1], np.float32), (len(chunk), 1))
        poses = chunk.keypoints + wave[:, None, None].astype(np.float32) * [0, 1, 0]
        poses[..., 2] = 0.9
        return quantised(replace(chunk, keypoints=poses.astype(np.float32), boxes=boxes))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("long") / "long.mp4")


def estimating(clip: Path, sampling: Sampling | None = None) -> VideoEstimator:
    sampling = sampling or Sampling(fps=5.0, quick=10.0)
    segments, limits = Segments(SEGMENT_S), MediaLimits()
    return VideoEstimator(clip, probe(clip), Quick(), segments, limits, None, sampling)


@pytest.fixture(scope="module")
def whole(clip: Path) -> list[PoseChunk]:
    return list(estimating(clip).chunks(None, 0))


def test_the_rate_follows_the_tempo_within_a_clip(whole: list[PoseChunk]) -> None:
    assert [len(chunk) for chunk in whole] == [10, 20, 20, 20, 20, *[10] * 3, 8]
    firsts = np.cumsum([0, *(len(chunk) for chunk in whole)])[:-1]
    assert [chunk.first for chunk in whole] == firsts.tolist()


def test_a_rate_that_is_asked_for_stays(clip: Path) -> None:
    chunks = list(estimating(clip, Sampling(fps=5.0)).chunks(None, 0))
    assert {len(chunk) for chunk in chunks[:-1]} == {10}


@pytest.mark.parametrize("behind", range(9))
def test_whoever_goes_on_makes_the_same_chunks(
    clip: Path, whole: list[PoseChunk], behind: int
) -> None:
    rest = list(estimating(clip).chunks(whole[behind], behind + 1))
    assert [*map(encode_chunk, rest)] == [*map(encode_chunk, whole[behind + 1 :])]


@pytest.mark.parametrize("segment", [1, 2, 3, 4])
def test_whoever_begins_at_a_segment_makes_the_same_chunks(
    clip: Path, whole: list[PoseChunk], segment: int
) -> None:
    start, *chunks = estimating(clip).segment(segment)
    before = whole[2 * segment - 1]
    assert isinstance(start, SegmentStart)
    assert start.behind(before)
    place, first = before.index + 1, before.first + len(before)
    found = [
        replace(chunk, index=chunk.index + place, first=chunk.first + first)
        for chunk in chunks
        if isinstance(chunk, PoseChunk)
    ]
    assert [*map(encode_chunk, found)] == [*map(encode_chunk, whole[2 * segment :][:2])]
