"""The picture's scale and tilt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from worker.motion.jumps.calibration import Calibration, Tilt, crouched

STANDING = Calibration(scale=300.0, hips=(0.55, 0.55), floor=0.82, stature=0.58)


@pytest.mark.parametrize("pitch", [-20.0, 0.0, 12.0, 60.0])
@pytest.mark.parametrize("y", [0.1, 0.5, 0.9])
def test_a_level_is_found_again_in_the_picture(pitch: float, y: float) -> None:
    tilt = Tilt(pitch, 9 / 16)
    assert tilt.seen(tilt.level(y)) == pytest.approx(y)


def test_less_tall_on_the_same_feet_is_a_crouch() -> None:
    assert crouched(replace(STANDING, stature=0.52), STANDING)
    assert not crouched(replace(STANDING, stature=0.575), STANDING)
    assert not crouched(replace(STANDING, stature=0.62), STANDING)
    farther_away = replace(STANDING, stature=0.52, floor=0.78)
    assert not crouched(farther_away, STANDING)
    assert not crouched(replace(STANDING, stature=0.52, floor=float("nan")), STANDING)
