"""Take-off and landing from ankles, knees and head, alone and together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.synthetic.analysis import entries_of
from tests.synthetic.jumps import JumpScript, perform_jumps
from tests.synthetic.perform import Camera, Script
from worker.contract.jump_messages import JumpSummary
from worker.contract.options import JobOptions
from worker.contract.poses import PoseChunk
from worker.motion.features.body_segments import Floats
from worker.motion.jumps.edges import HEEL, NOISE, STRAIGHTENS, TALLER, Tracks, crossing
from worker.motion.jumps.estimate import Estimate
from worker.motion.jumps.flight import parabola

AIR = JobOptions(exercise="air_time_jump")
METRES, STATURE = 1.7, 0.6
FLOOR, SHANK = 0.8, 0.15
TAKEOFF, LANDING = 2.0, 2.5


def tracks(
    fps: float = 60, noise: float = 0.0, moved: float = 0.0, slip: float = 0.0,
    head: float | None = None,
) -> Tracks:  # fmt: skip
    """Two seconds of standing, a flight of half a second, standing: ankles that jump up by a heel's
    rise within 60 ms of either end; `moved` is the floor's level after the flight less that before,
    `slip` what the ankles slip down the feet by in the air, `head` how fast the head falls by the
    body, None where it is hidden."""
    seconds = np.arange(0, 3.5, 1 / fps)
    fall = 9.81 / METRES * STATURE
    inside = (seconds >= TAKEOFF) & (seconds <= LANDING)
    share = np.clip((seconds - TAKEOFF) / (LANDING - TAKEOFF), 0, 1)
    flown = fall / 2 * (seconds - TAKEOFF) * (LANDING - seconds) * inside - moved * share
    away = np.maximum(np.maximum(TAKEOFF - seconds, seconds - LANDING), 0)
    rolled = np.clip(1 - away / 0.06, 0, 1) ** 2
    height = FLOOR - flown - HEEL * STATURE * rolled
    random = np.random.default_rng(5)
    stretch = STRAIGHTENS * STATURE * rolled
    return Tracks(
        seconds=seconds,
        ankles=height + slip * rolled + random.normal(0, noise, len(seconds)),
        knees=height - SHANK - stretch + random.normal(0, noise, len(seconds)),
        head=head and FLOOR - 0.53 - head * flown - TALLER * STATURE * rolled,
        stands=seconds < 1.5, since=-1.0, flat=None, begin=TAKEOFF + 0.02, end=LANDING - 0.02,
        stature=STATURE, fall=fall,
    )  # fmt: skip


def edges_of(found: Tracks) -> tuple[Estimate, Estimate] | None:
    floors = found.floors()
    return None if floors is None else found.edges(floors)


def off(found: Tracks) -> tuple[float, float]:
    """Milliseconds that take-off and landing are off by."""
    edges = edges_of(found)
    assert edges is not None
    return 1000 * (edges[0].value - TAKEOFF), 1000 * (edges[1].value - LANDING)


def test_few_frames_lean_on_gravity() -> None:
    seconds = np.arange(0.0, 0.5, 0.1)
    fall = 9.81 / METRES * STATURE
    shaken = 0.5 * fall * (seconds - 0.2) ** 2 + 0.006 * np.array((1.0, -1.0, -1.0, 1.0, 1.0))
    alone = parabola(seconds, shaken, -0.1, 0.5)
    helped = parabola(seconds, shaken, -0.1, 0.5, fall, NOISE * STATURE)
    assert alone is not None and helped is not None
    assert abs(helped.fall - fall) < 0.8 * abs(alone.fall - fall)


def test_knees_that_do_not_fall_with_the_body_have_no_say() -> None:
    found = tracks(fps=60, noise=0.001)
    assert found.knees is not None
    tuck = 0.05 * np.sin(np.pi * np.clip((found.seconds - TAKEOFF) / (LANDING - TAKEOFF), 0, 1))
    alone = edges_of(replace(found, knees=None))
    assert edges_of(replace(found, knees=found.knees - tuck)) == alone


def test_a_fall_that_is_seen_outweighs_a_wrong_stature() -> None:
    found = tracks(fps=60, noise=0.001)
    for share in (0.6, 1.0, 1.7):
        edges = edges_of(replace(found, fall=share * found.fall))
        assert edges is not None
        assert edges[1].value - edges[0].value == pytest.approx(LANDING - TAKEOFF, abs=0.01)


@pytest.mark.parametrize(("fps", "most"), [(24, 8), (30, 8), (60, 4), (240, 2)])
def test_clean_tracks_tell_the_edges_to_a_fraction_of_a_frame(fps: float, most: float) -> None:
    assert off(tracks(fps)) == pytest.approx((0, 0), abs=most)
    assert off(replace(tracks(fps), knees=None)) == pytest.approx((0, 0), abs=most)


@pytest.mark.parametrize("moved", [-0.05, 0.05])
def test_either_side_has_its_own_floor(moved: float) -> None:
    assert off(tracks(moved=moved)) == pytest.approx((0, 0), abs=12)


def test_ankles_that_slip_count_for_less_than_knees() -> None:
    slipped = tracks(slip=0.02)
    alone = replace(slipped, knees=None)
    assert np.abs(off(alone)).min() > 10 > np.abs(off(slipped)).max()


def test_a_head_that_falls_with_the_body_tells_the_take_off() -> None:
    feet, helped, flung = (
        off(replace(tracks(slip=0.02, head=pace), knees=None)) for pace in (None, 1.0, 0.6)
    )
    assert feet[0] > 10 and 0 < helped[0] < 0.7 * feet[0]
    assert helped[1] == feet[1]
    assert flung == feet


def test_more_evidence_leaves_less_uncertainty() -> None:
    both, feet, rare = (
        edges_of(found) for found in (tracks(), replace(tracks(), knees=None), tracks(fps=15))
    )
    assert both is not None and feet is not None and rare is not None
    for side in (0, 1):
        assert 0.003 < both[side].sigma < feet[side].sigma < 0.02
        assert both[side].sigma < rare[side].sigma


def test_the_uncertainty_covers_the_errors_of_noisy_tracks() -> None:
    found = tracks(fps=30, noise=0.004)
    edges = edges_of(found)
    assert edges is not None
    assert np.abs(off(found)).max() < 2000 * edges[0].sigma


def test_what_was_not_seen_is_not_told() -> None:
    found = tracks()
    flying = (found.seconds > TAKEOFF + 0.02) & (found.seconds < LANDING - 0.02)
    assert found.knees is not None
    cut = replace(
        found, seconds=found.seconds[flying], ankles=found.ankles[flying],
        knees=found.knees[flying], stands=found.stands[flying],
    )  # fmt: skip
    assert edges_of(cut) is None
    flat = replace(found, ankles=np.full_like(found.ankles, FLOOR))
    assert edges_of(flat) is None


def test_a_crossing_lies_between_its_frames() -> None:
    seconds, lift = np.arange(5) * 0.1, np.array([-1.0, -1.0, 3.0, 5.0, -5.0])
    assert crossing(seconds, lift, 3, -1) == pytest.approx(0.125)
    assert crossing(seconds, lift, 3, 1) == pytest.approx(0.35)
    assert crossing(seconds, lift, 0, 1) is None
    assert crossing(seconds[:4], lift[:4], 3, 1) is None


def drooping(chunk: PoseChunk, metres: float) -> PoseChunk:
    """The ankles slip down by up to `metres` as the heels rise by up to 9 cm."""
    joints = chunk.keypoints.copy()
    seen = joints[:, 0, 2] > 0
    floor = np.median(joints[seen][:30, 15:, 1])
    metre = (floor - np.median(joints[seen][:30, 1, 1])) / (0.9 * 1.75)
    rise = np.clip((floor - joints[:, 15:, 1]) / metre / 0.09, 0, 1)
    joints[:, 15:, 1] += np.where(seen[:, None], rise * metres * metre, 0.0)
    return replace(chunk, keypoints=joints)


@pytest.mark.parametrize("yaw", [0.0, 90.0])
def test_pointing_feet_hardly_lower_the_jump(yaw: float, monkeypatch: pytest.MonkeyPatch) -> None:
    script = JumpScript((0.25, 0.45), seen=Script(fps=60, noise=0.003, camera=Camera(yaw=yaw)))
    head, chunk, _ = perform_jumps(script)

    def heights(said: PoseChunk) -> Floats:
        entries, _ = entries_of(head, [said], AIR)
        summary = next(e.message for e in entries if isinstance(e.message, JumpSummary))
        return np.array([jump.jumpHeightCm for jump in summary.jumps])

    plain, slipped = heights(chunk), heights(drooping(chunk, 0.06))
    assert slipped == pytest.approx(plain, abs=2.5)
    monkeypatch.setattr(Tracks, "_passes", lambda *_: None)
    assert (heights(drooping(chunk, 0.06)) < plain - 4).all()
