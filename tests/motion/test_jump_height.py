"""The rise of the hips from two measures, and what makes it implausible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from worker.exercises.jumps import AIR_TIME_JUMP, JUMP_ANALYSIS
from worker.motion.jumps.calibration import Calibration, Tilt
from worker.motion.jumps.height import Jump, Subject, judged

HEEL = 0.09
STANDING = Calibration(scale=300.0, hips=(0.55, 0.55), floor=0.82, stature=0.58)
SUBJECT = Subject(1.74, STANDING, Tilt(0.0, 9 / 16))


def jump(free: float | None, rise: float | None) -> Jump:
    """A jump of `free` metres of flight and a `rise` of the hips' keypoints."""
    air = None if free is None else float(np.sqrt(8 * free / 9.81))
    return Jump(
        takeoff=1.0, landing=1.5, air=air, heel=HEEL, rise=rise, height=0.0,
        baseline=0.55, top=0.4, side="both",
    )  # fmt: skip


def test_the_rise_lies_between_both_measures() -> None:
    found = judged(JUMP_ANALYSIS, jump(0.36, 0.52), SUBJECT)
    assert isinstance(found, Jump)
    assert 0.36 + HEEL < found.height < 0.52
    assert abs(found.height - 0.52) < abs(found.height - 0.36 - HEEL)


def test_measures_that_agree_are_kept() -> None:
    found = judged(JUMP_ANALYSIS, jump(0.36, 0.36 + HEEL), SUBJECT)
    assert isinstance(found, Jump) and found.height == pytest.approx(0.36 + HEEL)


@pytest.mark.parametrize("pitch", [0.0, 10.0])
def test_the_top_that_is_told_is_that_of_the_height(pitch: float) -> None:
    subject = replace(SUBJECT, tilt=Tilt(pitch, 9 / 16))
    found = judged(JUMP_ANALYSIS, jump(0.36, 0.5), subject)
    assert isinstance(found, Jump) and found.baseline is not None
    rise = subject.tilt.level(found.baseline) - subject.tilt.level(found.top)
    assert rise * STANDING.scale / 100 == pytest.approx(found.height)


def test_with_hidden_feet_the_hips_alone_tell() -> None:
    found = judged(JUMP_ANALYSIS, jump(None, 0.5), SUBJECT)
    assert isinstance(found, Jump) and found.height == pytest.approx(0.5)
    found = judged(AIR_TIME_JUMP, jump(None, 0.5), SUBJECT)
    assert isinstance(found, Jump) and found.height == pytest.approx(0.5 - HEEL)


@pytest.mark.parametrize(
    ("free", "rise", "reason"),
    [(0.36, 0.8, "inconsistent_height"), (0.36, None, "not_calibrated"),
     (None, None, "not_calibrated"), (0.03, 0.1, "too_low"), (1.5, 1.6, "implausible_height")],
)  # fmt: skip
def test_what_cannot_be_is_discarded(free: float | None, rise: float | None, reason: str) -> None:
    assert judged(JUMP_ANALYSIS, jump(free, rise), SUBJECT) == reason
    assert judged(AIR_TIME_JUMP, jump(None, None), SUBJECT) == "feet_hidden"
