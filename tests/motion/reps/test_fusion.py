"""One curve from several signals: by how well each is seen, and how well it follows."""

from __future__ import annotations

import numpy as np
import pytest

from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import Turns
from worker.motion.reps.fusion import calibrated, rest_level, steadied

SECONDS = np.arange(0, 20, 1 / 30)
TRUTH = np.clip(np.sin(2 * np.pi * SECONDS / 4 - np.pi / 2), 0, 1)
"""Five repetitions with rests between them."""
LEADS = np.ones(3, bool)


def signals(noise: float = 0.03) -> tuple[Floats, Floats]:
    """Two that follow (one from another level), one that only trembles; all seen."""
    random = np.random.default_rng(3)
    columns = [TRUTH, TRUTH + 2.0, 0 * TRUTH]
    values = np.stack(columns, axis=1) + random.normal(0, noise, (len(TRUTH), 3))
    return values, np.ones_like(values)


def curve_of(values: Floats, weights: Floats) -> Floats:
    weights = steadied(SECONDS, weights)
    found = calibrated(SECONDS, values, weights, LEADS)
    assert found is not None
    curve = found.curve(values, weights)
    return curve - rest_level(curve)


def test_what_does_not_follow_has_no_say() -> None:
    values, weights = signals()
    found = calibrated(SECONDS, values, weights, LEADS)
    assert found is not None
    assert found.slope[:2] == pytest.approx(1, abs=0.05) and found.slope[2] == 0
    assert np.abs(curve_of(values, weights) - TRUTH).max() < 0.2


def test_a_signal_that_drops_out_leaves_no_step() -> None:
    values, weights = signals()
    weights[(SECONDS > 6) & (SECONDS < 11), 1] = 0.0
    values[(SECONDS > 6) & (SECONDS < 11), 1] = 9.0
    curve = curve_of(values, weights)
    assert np.abs(curve - TRUTH).max() < 0.25
    assert len(Turns(SECONDS, curve).cycles(0.5)) == 5


def test_a_height_that_steps_does_not_lead() -> None:
    values, weights = signals()
    values[:, 2] = np.where(SECONDS > 10, 5.0, 0.0)
    found = calibrated(SECONDS, values, weights, np.array([True, True, False]))
    assert found is not None and found.slope[2] == 0
    curve = found.curve(values, weights)
    assert np.abs(curve - rest_level(curve) - TRUTH).max() < 0.3


def test_what_nobody_sees_is_not_known() -> None:
    values, weights = signals()
    weights[(SECONDS > 6) & (SECONDS < 11)] = 0.0
    curve = curve_of(values, weights)
    assert np.isnan(curve[(SECONDS > 6.1) & (SECONDS < 10.9)]).all()
    # the second movement is cut off by the loss, the third begins in it
    assert [cycle.closes for cycle in Turns(SECONDS, curve).cycles(0.5)].count(True) == 2
    assert calibrated(SECONDS, values, 0 * weights, LEADS) is None


def test_a_weight_that_flickers_says_little() -> None:
    _, weights = signals()
    weights[::2, 0] = 0.0
    assert steadied(SECONDS, weights)[:, 0].max() < 0.6
