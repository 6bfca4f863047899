"""Jumps are found and measured: heights against exact truth, messages, and what is no jump."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tests.motion.jumps.told import AIR, CLEAN, HIPS, discarded, finals, heights, measured, warnings
from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.jumps import JumpScript, film_of, perform_jumps
from tests.synthetic.perform import Camera, Script, perform, split
from worker.contract.jump_messages import JumpHeight, JumpSummary
from worker.contract.messages import encode, type_of
from worker.contract.options import JobOptions
from worker.contract.poses import LogHead, PoseChunk

HEIGHTS = ((0.1, 0.4, 0.7), (0.2, 0.5, 0.8), (0.15, 0.3, 0.6))
YAWS = (45.0, 90.0, 0.0)


@pytest.mark.parametrize("fps", [20, 24, 30, 60, 120, 240])
def test_air_time_heights_over_the_grid(fps: float) -> None:
    errors: list[float] = []
    for seed, yaw in enumerate(YAWS):
        for number, chosen in enumerate(HEIGHTS):
            camera = Camera(yaw=yaw, distance=5, height=1.2)
            script = film_of(JumpScript(chosen, bend=0.02 * number), fps, seed, camera)
            found, truths = measured(script)
            assert len(found) == len(truths)
            errors += [cm - 100 * truth.height for cm, truth in zip(found, truths, strict=True)]
    assert np.sqrt(np.mean(np.square(errors))) <= 1.6
    assert abs(np.mean(errors)) <= 1.0


def test_the_uncertainty_holds_95_per_cent() -> None:
    inside = []
    for seed in range(12):
        head, chunk, truths = perform_jumps(film_of(JumpScript((0.2, 0.4)), 30, seed, Camera()))
        for message, truth in zip(finals(entries_of(head, [chunk], AIR)[0]), truths, strict=True):
            assert message.jumpHeightCm is not None and message.plusMinusCm is not None
            assert 1 < message.plusMinusCm < 4
            inside.append(abs(message.jumpHeightCm - 100 * truth.height) <= message.plusMinusCm)
    assert np.mean(inside) >= 0.9


@pytest.mark.parametrize("yaw", [-20, 0, 10, 20])
@pytest.mark.parametrize("fps", [30, 60])
def test_the_rise_of_the_hips_is_within_five_per_cent(yaw: float, fps: float) -> None:
    camera = Camera(yaw=yaw, distance=4.5, height=1.1)
    found, truths = measured(
        film_of(JumpScript((0.2, 0.4, 0.6)), fps, int(fps + yaw), camera), HIPS
    )
    assert found == pytest.approx([100 * truth.hip_rise for truth in truths], rel=0.05)


@pytest.mark.parametrize("bend", [0.0, 0.03, 0.06])
def test_the_height_is_that_of_the_flight_however_it_lands(bend: float) -> None:
    """Who lands on bent knees is in the air for longer, and a jump mat says so."""
    (found,), (truth,) = measured(replace(CLEAN, bend=bend))
    assert found == pytest.approx(981 * (truth.landing - truth.takeoff) ** 2 / 8, abs=3.5)


@pytest.mark.parametrize("forward", [-0.8, -0.4, 0.4, 0.8])
def test_who_lands_elsewhere_has_jumped(forward: float) -> None:
    for camera in (Camera(), Camera(yaw=90), Camera(height=1.6)):
        script = replace(CLEAN, forward=forward, seen=Script(noise=0.004, camera=camera))
        (found,), (truth,) = measured(script)
        # a fifth nearer or farther, the shanks are as much longer or shorter in the picture
        assert found == pytest.approx(100 * truth.height, abs=2 + 3.5 * abs(forward))


@pytest.mark.parametrize("fps", [30, 60])
def test_heights_have_no_bias(fps: float) -> None:
    # Heels rise by 6.5 to 10 cm before take-off, unseen: 1 cm in one jump, little in 36.
    errors: list[float] = []
    for seed in range(12):
        found, truths = measured(film_of(JumpScript((0.2, 0.4, 0.6)), fps, 50 + seed, Camera()))
        errors += [cm - 100 * truth.height for cm, truth in zip(found, truths, strict=True)]
    assert abs(np.mean(errors)) <= 1.0


def test_one_frame_is_too_coarse_and_the_fit_is_finer() -> None:
    # At 15 frames a second one frame more or less is 30 % of the height.
    errors = []
    for seed in range(6):
        script = film_of(JumpScript((0.4,)), 15, seed, Camera())
        (found,), (truth,) = measured(script)
        errors.append(found - 100 * truth.height)
    assert np.sqrt(np.mean(np.square(errors))) < 4


def test_the_camera_tilt_is_corrected() -> None:
    camera = Camera(pitch=15, distance=5, focal=0.8)
    script = JumpScript((0.5,), seen=Script(noise=0.003, camera=camera))
    head, chunk, (truth,) = perform_jumps(script)
    # Feet that are hidden leave the hips alone to tell the height.
    joints = chunk.keypoints.copy()
    joints[:, 13:, 2] = 0.02
    told = JobOptions(exercise="jump_analysis", userHeightCm=175.0, devicePitchDeg=15.0)
    (right,), (wrong,) = (
        heights(entries_of(head, [replace(chunk, keypoints=joints)], options)[0])
        for options in (told, HIPS)
    )
    true = 100 * truth.hip_rise
    assert abs(right - true) < 0.3 < abs(wrong - true)
    (seen,) = heights(entries_of(head, [chunk], told)[0])
    assert seen == pytest.approx(true, rel=0.03)


@pytest.mark.parametrize("depth", [0.5, 1.0])
def test_a_crouch_that_is_held_is_no_standing_pose(depth: float) -> None:
    # From the front, knees that bend to the camera look straight.
    script = Script(move="squat", depths=(depth,) * 2, seconds=(0.9, 1.2, 0.8, 1.0), noise=0.002)
    entries, _ = analyse(script, "jump_analysis", userHeightCm=175.0)
    assert sum(type_of(e.message) == "jump_calibration" for e in entries) == 1


def test_the_messages_and_their_order() -> None:
    head, chunk, truths = perform_jumps(replace(CLEAN, heights=(0.3, 0.4)))
    entries, analysis = entries_of(head, [chunk], HIPS)
    kinds = [type_of(e.message) for e in entries if type_of(e.message) != "initialization"]
    kinds = [*(kind for kind, _ in itertools.groupby(kinds[:-3])), *kinds[-3:]]
    jump = ["jump_started", "jump_height", "counter"]
    assert kinds[:3] == ["environment", "posture", "jump_calibration"]
    assert [kind for kind in kinds[3:] if kind != "jump_calibration"] == [
        *jump, *jump, "counter", "exercise_summary", "jump_summary",
    ]  # fmt: skip
    assert analysis.result.count == 2
    summary = entries[-1].message
    assert isinstance(summary, JumpSummary) and summary.totalJumps == 2
    assert [j.jumpHeightCm for j in summary.jumps] == heights(entries)
    assert summary.maxJumpHeight == max(heights(entries))
    assert summary.avgAirTimeSeconds == pytest.approx(
        np.mean([j.airTimeSeconds for j in summary.jumps]), abs=1e-4
    )
    last = [e.message for e in entries if isinstance(e.message, JumpHeight)][-1]
    assert last.landed and not last.measuring and last.sideUsed == "both"
    assert last.deltaPixels == pytest.approx(last.baselineY - last.minY, abs=0.1)
    scale = next(e.message for e in entries if type_of(e.message) == "jump_calibration")
    assert last.jumpHeightCm == pytest.approx(last.deltaPixels * scale.cmPerPixel, rel=0.02)
    started = [e.message for e in entries if type_of(e.message) == "jump_started"]
    for message, truth in zip(started, truths, strict=True):
        assert message.timestampMs == pytest.approx(1000 * truth.takeoff, abs=60)


def test_height_is_what_the_air_time_says() -> None:
    head, chunk, _ = perform_jumps(CLEAN)
    (final,) = [
        e.message for e in entries_of(head, [chunk], AIR)[0]
        if isinstance(e.message, JumpHeight) and e.message.final
    ]  # fmt: skip
    assert final.jumpHeightCm == pytest.approx(981 * final.airTimeSeconds**2 / 8, abs=0.06)
    assert final.airTimeMs == pytest.approx(1000 * final.airTimeSeconds, abs=0.1)


def cut(begin: float, end: float) -> tuple[LogHead, PoseChunk]:
    head, chunk, _ = perform_jumps(CLEAN)
    rows = (chunk.times_us >= begin * 1e6) & (chunk.times_us <= end * 1e6)
    times = chunk.times_us[rows]
    return head, replace(
        chunk, times_us=times - times[0], keypoints=chunk.keypoints[rows], boxes=chunk.boxes[rows]
    )


def test_a_jump_that_the_edges_cut_is_discarded() -> None:
    _, _, (truth,) = perform_jumps(CLEAN)
    middle = (truth.takeoff + truth.landing) / 2
    entries, _ = entries_of(*_one(cut(0.0, middle + 0.05)), AIR)
    assert heights(entries) == [] and discarded(entries) == ["landing_not_seen"]
    entries, _ = entries_of(*_one(cut(middle, 99.0)), AIR)
    assert heights(entries) == [] and discarded(entries) == ["takeoff_not_seen"]


def _one(log: tuple[LogHead, PoseChunk]) -> tuple[LogHead, list[PoseChunk]]:
    return log[0], [log[1]]


def test_whole_jumps_count_beside_one_that_is_cut() -> None:
    head, chunk, truths = perform_jumps(replace(CLEAN, heights=(0.3, 0.2, 0.4)))
    kept = chunk.times_us < (truths[2].takeoff + 0.2) * 1e6
    cut_chunk = replace(
        chunk, times_us=chunk.times_us[kept], keypoints=chunk.keypoints[kept],
        boxes=chunk.boxes[kept],
    )  # fmt: skip
    entries, analysis = entries_of(head, [cut_chunk], AIR)
    assert heights(entries) == pytest.approx([100 * t.height for t in truths[:2]], abs=2.5)
    assert discarded(entries) == ["landing_not_seen"] and analysis.result.count == 2


def test_lost_tracking_is_told() -> None:
    head, chunk, (truth,) = perform_jumps(CLEAN)
    joints = chunk.keypoints.copy()
    joints[chunk.times_us > (truth.takeoff + 0.15) * 1e6] = 0
    entries, _ = entries_of(head, [replace(chunk, keypoints=joints)], AIR)
    assert discarded(entries) == ["tracking_lost"] and heights(entries) == []


def test_a_blurred_flight_is_followed() -> None:
    head, chunk, (truth,) = perform_jumps(CLEAN)
    joints, seconds = chunk.keypoints.copy(), chunk.times_us * 1e-6
    flying = (seconds > truth.takeoff + 0.1) & (seconds < truth.landing)
    joints[flying, :, 2] *= 0.45
    (found,) = heights(entries_of(head, [replace(chunk, keypoints=joints)], AIR)[0])
    assert found == pytest.approx(100 * truth.height, abs=3.0)


def test_the_flight_wins_over_a_stature_that_cannot_be() -> None:
    head, chunk, (truth,) = perform_jumps(CLEAN)
    said = [
        entries_of(head, [chunk], with_height(centimetres))[0] for centimetres in (175.0, 280.0)
    ]
    (right,), (wrong,) = map(finals, said)
    assert [*map(warnings, said)] == [(), ("hips_disagree",)]
    assert right.reason is None and wrong.reason == "hips_disagree"
    assert right.jumpHeightCm == pytest.approx(100 * truth.hip_rise, rel=0.05)
    # 60 % too tall, and the height is not: only what the heels rise by is
    assert wrong.jumpHeightCm == pytest.approx(100 * truth.hip_rise, abs=7)
    assert wrong.airTimeSeconds == pytest.approx(truth.landing - truth.takeoff, abs=0.03)


def with_height(centimetres: float) -> JobOptions:
    return JobOptions(exercise="jump_analysis", userHeightCm=centimetres)


def test_without_a_standing_pose_the_flight_tells_the_rise() -> None:
    head, chunk, (truth,) = perform_jumps(CLEAN)
    late = chunk.times_us > (truth.takeoff - 0.35) * 1e6
    cut_chunk = replace(
        chunk, times_us=chunk.times_us[late], keypoints=chunk.keypoints[late],
        boxes=chunk.boxes[late],
    )  # fmt: skip
    (found,) = finals(entries_of(head, [cut_chunk], HIPS)[0])
    assert found.reason == "not_calibrated" and found.baselineY is None
    assert found.jumpHeightCm == pytest.approx(100 * truth.hip_rise, rel=0.1)


def test_hidden_feet_leave_the_hips() -> None:
    head, chunk, (truth,) = perform_jumps(CLEAN)
    joints = chunk.keypoints.copy()
    joints[:, 13:, 2] = 0.02
    for options, true in ((AIR, truth.height), (HIPS, truth.hip_rise)):
        (found,) = heights(entries_of(head, [replace(chunk, keypoints=joints)], options)[0])
        assert found == pytest.approx(100 * true, rel=0.15)


@pytest.mark.parametrize("move", ["squat", "walking", "standing", "lunge", "high_knees"])
@pytest.mark.parametrize("yaw", [0, 90])
def test_other_movements_are_no_jumps(move: str, yaw: float) -> None:
    script = Script(
        move=move, depths=(1.0,) * 5, noise=0.008, camera=Camera(yaw=yaw),
        alternate=move in ("lunge", "high_knees"), seconds=(0.5, 0.1, 0.4, 0.2),
    )  # fmt: skip
    entries, analysis = analyse(script, "air_time_jump")
    assert analysis.result.count == 0 and discarded(entries) == []


def test_a_foot_that_rests_is_no_take_off() -> None:
    """Who comes back from a lunge: the nearer foot goes to the farther one, the hips come up."""
    head, chunk = perform(Script(move="standing", depths=(1.0,) * 3, noise=0.002))
    joints = chunk.keypoints.copy()
    back = np.clip((chunk.times_us * 1e-6 - 2.0) / 0.25, 0, 1)
    joints[:, 15, 1] += 0.08 * (1 - back)
    joints[:, 11:13, 1] += 0.05 * (1 - back)[:, None]
    entries, _ = entries_of(head, [replace(chunk, keypoints=joints)], AIR)
    assert "jump_started" not in {type_of(e.message) for e in entries}


@pytest.mark.parametrize("options", [AIR, HIPS], ids=["air", "hips"])
def test_chunks_do_not_change_a_bit(options: JobOptions) -> None:
    head, chunk, _ = perform_jumps(
        replace(CLEAN, heights=(0.2, 0.5), seen=Script(noise=0.006, dropout=0.1, uneven=0.5))
    )
    whole, _ = entries_of(head, [chunk], options)
    parts, _ = entries_of(head, split(chunk, [7, 31, 1, 64, 13] * 6), options)
    assert [(e.id, encode(e.message)) for e in whole] == [(e.id, encode(e.message)) for e in parts]
