"""Poses survive their log, and are quantised once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from worker.contract.errors import DecodeError
from worker.contract.poses import PoseChunk, decode_chunk, encode_chunk, quantised


def chunk(seed: int, count: int = 60) -> PoseChunk:
    random = np.random.default_rng(seed)
    return PoseChunk(
        index=3,
        first=180,
        times_us=np.arange(count, dtype=np.int64) * 33_367,
        keypoints=random.uniform(-0.2, 1.2, (count, 17, 3)).astype(np.float32),
        boxes=random.uniform(0, 1, (count, 4)).astype(np.float32),
        state={"track": 1, "box": [0.125, 0.5]},
    )


def test_a_second_pass_through_the_log_changes_nothing() -> None:
    once = quantised(chunk(1))
    assert encode_chunk(quantised(once)) == encode_chunk(once)
    np.testing.assert_array_equal(quantised(once).keypoints, once.keypoints)


def test_quantising_moves_a_joint_by_less_than_a_tenth_of_a_pixel_in_2160p() -> None:
    whole = chunk(2)
    moved = np.abs(quantised(whole).keypoints - whole.keypoints).max()
    assert moved * 3840 < 0.1
    assert quantised(whole).state == whole.state


def test_absent_people_stay_exactly_zero() -> None:
    empty = chunk(3)
    empty.keypoints[:] = 0
    assert not quantised(empty).keypoints.any() and not quantised(empty).scores.any()


@pytest.mark.parametrize("cut", [0, 5, 30, -1])
def test_broken_bytes_are_refused(cut: int) -> None:
    data = encode_chunk(chunk(4))
    with pytest.raises(DecodeError):
        decode_chunk(data[:cut] if cut != -1 else b"\xff" + data[1:])


def deep(seed: int, count: int = 20) -> PoseChunk:
    """A chunk of 33 landmarks with depth and metres."""
    random = np.random.default_rng(seed)
    joints = random.uniform(-0.2, 1.2, (count, 33, 7))
    joints[..., 3:] = random.uniform(-2.5, 2.5, (count, 33, 4))
    return PoseChunk(
        index=0,
        first=0,
        times_us=np.arange(count, dtype=np.int64),
        keypoints=joints.astype(np.float32),
        boxes=np.zeros((count, 4), np.float32),
    )


def test_depth_and_metres_survive() -> None:
    whole = deep(5)
    once = quantised(whole)
    moved = np.abs(once.keypoints - whole.keypoints)
    assert moved[..., :3].max() * 3840 < 0.1
    assert moved[..., 3:].max() < 0.0001  # a tenth of a millimetre
    assert encode_chunk(quantised(once)) == encode_chunk(once)
    np.testing.assert_array_equal(
        once.scores, once.keypoints[..., 2].mean(axis=1, dtype=np.float32)
    )


def test_absent_landmarks_stay_exactly_zero_and_far_ones_are_clipped() -> None:
    whole = deep(6)
    whole.keypoints[:10] = 0
    whole.keypoints[10:, :, 3] = 9
    once = quantised(whole)
    assert not once.keypoints[:10].any()
    assert (once.keypoints[10:, :, 3] > 3.99).all()


def test_chunks_without_depth_are_what_older_workers_read() -> None:
    assert encode_chunk(chunk(7))[4] == 1
    assert encode_chunk(deep(7))[4] == 2


def test_other_numbers_of_values_are_refused() -> None:
    odd = replace(chunk(8), keypoints=np.zeros((60, 17, 4), np.float32))
    with pytest.raises(ValueError, match="3 or 7 values, not 4"):
        encode_chunk(odd)


@pytest.mark.parametrize("cut", [30, 200, -1])
def test_broken_bytes_of_landmarks_are_refused(cut: int) -> None:
    data = encode_chunk(deep(9))
    with pytest.raises(DecodeError):
        decode_chunk(data[:cut])
