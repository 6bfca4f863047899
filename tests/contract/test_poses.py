"""Poses survive their log, and are quantised once."""

from __future__ import annotations

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
