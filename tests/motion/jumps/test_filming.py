"""Jumps as they are filmed: cameras that move, repeated frames, blur, slow motion, rebounds."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.motion.jumps.told import AIR, HIPS, finals, heights, warnings
from tests.synthetic.analysis import entries_of
from tests.synthetic.jumps import JumpScript, film_of, perform_jumps
from tests.synthetic.perform import Camera, Script
from worker.contract.jump_messages import JumpHeight, JumpSummary
from worker.contract.messages import type_of
from worker.contract.options import JobOptions
from worker.contract.poses import LogHead, PoseChunk
from worker.motion.jumps.fit import Before


def moving(chunk: PoseChunk, y: np.ndarray, x: float = 0.0) -> PoseChunk:
    """The same seen by a camera that moves: all joints by `y` [n] and `x` of the frame."""
    joints = chunk.keypoints.copy()
    joints[..., 1] += y[:, None]
    joints[..., 0] += x
    return replace(chunk, keypoints=joints.astype(np.float32))


def test_a_camera_in_a_hand_shakes_and_pans() -> None:
    errors = []
    for seed in range(6):
        seen = Script(noise=0.004, seed=seed, fps=30)
        head, chunk, truths = perform_jumps(JumpScript((0.25, 0.45), seen=seen))
        seconds = chunk.times_us * 1e-6
        # 2 cm at 1.3 Hz, and a tilt by a fifth of the frame from before the first to after the last
        shake = 0.006 * np.sin(2 * np.pi * 1.3 * seconds + seed) + 0.02 * seconds / seconds[-1]
        found = heights(entries_of(head, [moving(chunk, shake)], AIR)[0])
        assert len(found) == len(truths)
        errors += [cm - 100 * truth.height for cm, truth in zip(found, truths, strict=True)]
    assert np.abs(errors).mean() <= 3.0


@pytest.mark.parametrize(("shown", "filmed"), [(30, 24), (60, 24), (30, 20)])
def test_frames_that_repeat_are_seen_through(shown: int, filmed: int) -> None:
    """Recordings of a screen: each frame shows what was filmed last."""
    errors = []
    for seed in range(4):
        script = film_of(JumpScript((0.25, 0.45)), filmed, seed, Camera())
        head, chunk, truths = perform_jumps(script)
        times = np.arange(0, chunk.times_us[-1], 1e6 / shown).astype(np.int64)
        rows = np.searchsorted(chunk.times_us, times, side="right") - 1
        again = replace(
            chunk, times_us=times, keypoints=chunk.keypoints[rows], boxes=chunk.boxes[rows]
        )
        found = heights(entries_of(head, [again], AIR)[0])
        errors += [cm - 100 * truth.height for cm, truth in zip(found, truths, strict=True)]
    assert np.abs(errors).mean() <= 3.0


def test_motion_blur_draws_the_edges_out() -> None:
    """Each joint is where it was on average while the shutter was open, 1/40 s."""
    errors = []
    for seed in range(6):
        script = JumpScript((0.25, 0.45), seen=Script(fps=240, noise=0.004, seed=seed))
        head, chunk, truths = perform_jumps(script)
        open_for = np.ones(6) / 6
        joints = chunk.keypoints.astype(np.float64)
        for joint in range(17):
            for axis in (0, 1):
                joints[:, joint, axis] = np.convolve(joints[:, joint, axis], open_for, "same")
        rows = slice(6, -6, 8)
        blurred = replace(
            chunk, times_us=chunk.times_us[rows], boxes=chunk.boxes[rows],
            keypoints=joints[rows].astype(np.float32),
        )  # fmt: skip
        found = heights(entries_of(head, [blurred], AIR)[0])
        errors += [cm - 100 * truth.height for cm, truth in zip(found, truths, strict=True)]
    assert np.abs(errors).mean() <= 2.0


@pytest.mark.parametrize("options", [AIR, HIPS], ids=["air", "hips"])
@pytest.mark.parametrize("slowdown", [4.0, 8.0])
def test_slow_motion_is_measured_in_the_time_it_was_filmed_in(
    options: JobOptions, slowdown: float
) -> None:
    """240 frames a second that play at 60 or 30: heights and air times are real, times are the
    media's."""
    script = JumpScript((0.25, 0.5), seen=Script(fps=240, noise=0.004, dropout=0.02))
    head, chunk, truths = perform_jumps(script)
    media = msgspec.structs.replace(
        head.media, fps=240 / slowdown, duration_ms=slowdown * head.media.duration_ms,
        slowdown=slowdown,
    )  # fmt: skip
    played = replace(chunk, times_us=(slowdown * chunk.times_us).astype(np.int64))
    slow = msgspec.structs.replace(head, media=media)
    entries, _ = entries_of(slow, [played], options)
    true = [t.height if options is AIR else t.hip_rise for t in truths]
    assert heights(entries) == pytest.approx([100 * height for height in true], abs=2.0)
    final = [
        e.message for e in entries if isinstance(e.message, JumpHeight) and e.message.final
    ]  # fmt: skip
    for message, truth in zip(final, truths, strict=True):
        assert message.airTimeSeconds == pytest.approx((8 * truth.height / 9.81) ** 0.5, abs=0.02)
    started = [e.message for e in entries if type_of(e.message) == "jump_started"]
    for message, truth in zip(started, truths, strict=True):
        assert message.timestampMs == pytest.approx(1000 * slowdown * truth.takeoff, abs=300)


@pytest.mark.parametrize("slowdown", [2.0, 4.0])
def test_slow_motion_is_recognised(slowdown: float) -> None:
    """The body falls too slowly for its size: jumps are counted, the rise of the hips is read in
    the picture, and no flight has a time."""
    script = JumpScript((0.25, 0.5), seen=Script(fps=120, noise=0.004, dropout=0.02))
    head, chunk, truths = perform_jumps(script)
    played = replace(chunk, times_us=(slowdown * chunk.times_us).astype(np.int64))
    entries, analysis = entries_of(head, [played], AIR)
    assert analysis.result.count == 2
    for message in finals(entries):
        assert message.jumpHeightCm is None and message.reason == "slow_motion"
        assert message.airTimeSeconds is None and message.plusMinusCm is None
    summary = next(e.message for e in entries if isinstance(e.message, JumpSummary))
    assert summary.totalJumps == 2 and summary.avgJumpHeight == 0
    assert [jump.jumpHeightCm for jump in summary.jumps] == [None, None]
    assert warnings(entries) == ("slow_motion",)
    risen = heights(entries_of(head, [played], HIPS)[0])
    assert risen == pytest.approx([100 * truth.hip_rise for truth in truths], rel=0.08)


def hops(count: int, height: float, contact: float, fps: float) -> tuple[LogHead, PoseChunk, float]:
    """`count` flights one after the other, `contact` seconds on the floor between them, and the
    height of each in metres. In a short contact the heels do not come down."""
    head, chunk, (truth,) = perform_jumps(JumpScript((height,), seen=Script(fps=fps, noise=0.003)))
    seconds = chunk.times_us * 1e-6
    middle = (truth.takeoff - contact / 2, truth.landing + contact / 2)
    first, last = np.searchsorted(seconds, middle)
    rows = np.concatenate(
        (np.arange(first), np.tile(np.arange(first, last), count), np.arange(last, len(seconds)))
    )
    times = np.round(np.arange(len(rows)) / fps * 1e6).astype(np.int64)
    hopped = replace(
        chunk, times_us=times, keypoints=chunk.keypoints[rows], boxes=chunk.boxes[rows]
    )
    return head, hopped, truth.height


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize(
    ("height", "contact"), [(0.05, 0.2), (0.08, 0.24), (0.15, 0.15), (0.15, 0.3), (0.35, 0.5)]
)
def test_each_flight_of_rebounds_counts(height: float, contact: float, fps: float) -> None:
    head, chunk, true = hops(6, height, contact, fps)
    found = heights(entries_of(head, [chunk], AIR)[0])
    assert len(found) == 6
    # where the heels stay up is not yet known when the first hop lands
    assert found[1:] == pytest.approx([100 * true] * 5, abs=2.5)
    assert found[0] == pytest.approx(100 * true, abs=4.5)


def test_a_series_of_hops_ends_with_its_picture() -> None:
    before = Before(landing=1.0, floor=0.8, stature=0.6)
    assert before.floor_of(1.2, 0.62) == 0.8
    assert before.floor_of(1.2, 0.9) is None and before.floor_of(2.0, 0.6) is None


@pytest.mark.parametrize("contact", [0.2, 0.3])
@pytest.mark.parametrize("height", [0.055, 0.07])
def test_low_hops_in_slow_motion_are_counted(height: float, contact: float) -> None:
    """Around the top of each feet seem to rest: the floor is not there."""
    head, chunk, _ = hops(6, height, contact, 90)
    slow = replace(chunk, times_us=chunk.times_us * 3)
    assert heights(entries_of(head, [slow], AIR)[0]) == [None] * 6


@pytest.mark.parametrize(("fps", "seed"), [(20, 0), (20, 1), (20, 4)])
def test_a_picture_that_leaps_up_and_down_is_no_error(fps: float, seed: int) -> None:
    """Beside leaps from frame to frame, a flight looks like one frame that is repeated."""
    head, chunk, _ = perform_jumps(
        JumpScript((0.1, 0.3), seen=Script(fps=fps, noise=0.01, seed=seed))
    )
    random = np.random.default_rng(seed)
    leaps = random.normal(0, 0.1, len(chunk.times_us)) * (random.random(len(chunk.times_us)) < 0.5)
    _, analysis = entries_of(head, [moving(chunk, leaps)], AIR)
    assert analysis.result.frames == len(chunk.times_us)
