"""A reference from a clip of one rep, the alignment behind its scores, and its bytes."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.synthetic.perform import perform, split
from tests.synthetic.references import reference, script_of
from worker.contract.errors import DecodeError, JobError
from worker.contract.poses import TURN, turned_joints
from worker.contract.reference_poses import decode_reference, encode_reference
from worker.motion.features.body_segments import Body
from worker.motion.reference.builder import reference_of
from worker.motion.reference.dtw import warp
from worker.motion.reference.poses import images_of, limbs_of, poses_of


def test_the_still_start_and_end_are_left_out() -> None:
    script = script_of("squat", 1, 90, seconds=(1.0, 0.2, 1.0, 4.0), lead=5.0)
    assert reference(script).duration_ms == pytest.approx(1900, abs=350)


def test_chunks_do_not_change_a_bit() -> None:
    head, chunk = perform(script_of("jumping_jack", 1, dropout=0.05))
    whole = reference_of(head, [chunk], "x")
    parts = reference_of(head, split(chunk, [7, 31, 2]), "x")
    assert encode_reference(whole) == encode_reference(parts)


@pytest.mark.parametrize(("move", "reps", "found"), [("squat", 3, 3), ("standing", 1, 0)])
def test_a_clip_must_show_one_rep(move: str, reps: int, found: int) -> None:
    head, chunk = perform(script_of(move, reps, 90))
    with pytest.raises(JobError) as caught:
        reference_of(head, [chunk], "x")
    assert caught.value.code == "invalid_parameter"
    assert caught.value.details is not None and caught.value.details["found"] == found
    assert "must show exactly one" in caught.value.message


def test_a_rep_that_does_not_return_is_none() -> None:
    head, chunk = perform(script_of("squat", 1, 90))
    half = split(chunk, [int(1.9 * 30)])[0]
    with pytest.raises(JobError, match="No clear repetition"):
        reference_of(head, [half], "x")


def test_a_clip_that_lies_on_its_side_gives_the_same_reference() -> None:
    head, chunk = perform(script_of("squat", 1, 90))
    lying = replace(chunk, keypoints=turned_joints(chunk.keypoints, -1), state={TURN: 1})
    turned = msgspec.structs.replace(head, media=head.media.turned(1))
    upright, found = reference_of(head, [chunk], "x"), reference_of(turned, [lying], "x")
    assert found.duration_ms == upright.duration_ms
    assert np.allclose(found.limbs, upright.limbs, atol=1e-3)


def test_a_clip_without_a_person() -> None:
    head, chunk = perform(script_of("squat", 1))
    with pytest.raises(JobError) as caught:
        reference_of(head, [replace(chunk, keypoints=np.zeros_like(chunk.keypoints))], "x")
    assert caught.value.code == "no_person_detected"


def test_bytes_and_back() -> None:
    poses = reference(script_of("bicep_curl", 1))
    data = encode_reference(poses)
    assert len(data) < 3000
    again = decode_reference(data)
    assert (again.name, again.duration_ms) == (poses.name, poses.duration_ms)
    assert np.array_equal(again.limbs, poses.limbs)
    assert np.array_equal(again.seen, poses.seen)
    for broken in (b"", b"PQPC" + data[4:], data[:-9], data[:40] + b"x" + data[41:]):
        with pytest.raises(DecodeError):
            decode_reference(broken)


def _body(x: np.ndarray, y: np.ndarray) -> Body:
    return Body(x=x, y=y, score=np.full(x.shape, 0.9))


@given(st.integers(0, 99), st.floats(0.1, 5), st.floats(-3, 3), st.floats(-3, 3))
def test_size_and_place_do_not_matter(seed: int, size: float, dx: float, dy: float) -> None:
    x, y = np.random.default_rng(seed).uniform(0, 1, (2, 3, 17))
    first, second = (
        poses_of(*limbs_of(body)).parts
        for body in (_body(x, y), _body(size * x + dx, size * y + dy))
    )
    assert np.allclose(first, second, atol=1e-6)


@given(st.integers(0, 99))
def test_the_mirror_image_is_that_of_the_picture(seed: int) -> None:
    from worker.contract.keypoints import FLIP

    x, y = np.random.default_rng(seed).uniform(0, 1, (2, 3, 17))
    turned = _body(1 - x[:, list(FLIP)], y[:, list(FLIP)])
    _, mirrored, *_ = images_of(*limbs_of(_body(x, y)))
    assert np.allclose(poses_of(*mirrored).parts, poses_of(*limbs_of(turned)).parts)


def test_the_alignment_follows_a_slower_course() -> None:
    fast = np.linspace(0, 1, 20)
    slow = np.linspace(0, 1, 20) ** 2
    costs = np.abs(fast[:, None] - slow[None])
    found = warp(costs)
    assert found.distance < np.abs(fast - slow).mean() / 3
    assert found.path[0].tolist() == [0, 0]
    assert found.path[-1].tolist() == [19, 19]
    assert 0.05 < found.skew < 0.3
    even = warp(np.abs(fast[:, None] - fast[None]))
    assert even.distance == 0 and even.skew == 0


@given(st.integers(0, 50))
def test_the_alignment_is_the_cheapest_path(seed: int) -> None:
    costs = np.random.default_rng(seed).uniform(0, 1, (4, 4))

    def cheapest(i: int, j: int) -> float:
        if i == j == 3:
            return 0.0
        ways = [(i, j + 1, 1), (i + 1, j, 1), (i + 1, j + 1, 2)]
        return min(
            w * float(costs[a, b]) + cheapest(a, b)
            for a, b, w in ways
            if a < 4 and b < 4 and abs(a - b) <= 1
        )

    assert warp(costs).distance == pytest.approx((2 * costs[0, 0] + cheapest(0, 0)) / 8)
