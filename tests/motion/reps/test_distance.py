"""Near and far, nearer and farther: what the distance of the camera does not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.perform import Camera, Script, perform
from worker.contract.options import JobOptions
from worker.contract.poses import quantised
from worker.motion.features.body_segments import Floats

FRONT = Script(depths=(1.0,) * 4, noise=0.006, camera=Camera(yaw=0))


def counted(script: Script, scale: Floats, exercise: str) -> int:
    """The count where the picture is enlarged about its middle by `scale` [n]."""
    head, chunk = perform(script)
    joints = chunk.keypoints.copy()
    joints[..., :2] = 0.5 + (joints[..., :2] - 0.5) * scale[:, None, None].astype(np.float32)
    chunk = quantised(replace(chunk, keypoints=joints))
    return entries_of(head, [chunk], JobOptions(exercise=exercise))[1].result.count


@pytest.mark.parametrize("yaw", [0, 20])
@pytest.mark.parametrize(("distance", "height"), [(2.5, 1.7), (3.1, 1.7), (2.5, 1.0)])
def test_squats_near_the_camera_count(yaw: float, distance: float, height: float) -> None:
    camera = Camera(yaw=yaw, distance=distance, height=height, focal=0.22 * distance)
    _, analysis = analyse(replace(FRONT, camera=camera))
    assert analysis.result.count == 4


@pytest.mark.parametrize("at", [1.0, 4.0, 5.0, 6.0])
@pytest.mark.parametrize("zoom", [0.6, 1.3])
@pytest.mark.parametrize("yaw", [0, 90])
def test_a_zoom_cut_costs_no_rep(at: float, zoom: float, yaw: float) -> None:
    script = replace(FRONT, camera=Camera(yaw=yaw))
    seconds = perform(script)[1].times_us * 1e-6
    assert counted(script, np.where(seconds < at, 1.0, zoom), "squat") == 4


@pytest.mark.parametrize("exercise", ["squat", "lunge", "side_lunge", "deadlift", "wall_sit"])
@pytest.mark.parametrize("height", [0.2, 1.0])
def test_who_comes_nearer_and_goes_away_does_nothing(exercise: str, height: float) -> None:
    script = Script(
        move="standing", depths=(1.0,) * 4, seconds=(1.0, 0.5, 1.0, 0.5), noise=0.004,
        camera=Camera(height=height, focal=0.6),
    )  # fmt: skip
    seconds = perform(script)[1].times_us * 1e-6
    scale = 1.0 + 0.4 * np.sin(2 * np.pi * seconds / 6)
    assert counted(script, scale, exercise) == 0
