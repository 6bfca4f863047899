"""A zoom, a cut or a turned phone in mid-clip changes the subject's size, and no count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.synthetic.analysis import entries_of
from tests.synthetic.perform import Script, perform
from worker.contract.messages import ExerciseSummary
from worker.contract.options import JobOptions
from worker.motion.reps.scale_changes import stretches


def squats_with(zoom: float, at: float) -> tuple[int, list[float]]:
    """Five squats whose picture shrinks by `zoom` about its middle from the share `at` on: the
    count and the scores."""
    head, chunk = perform(Script(move="squat", depths=(1.0,) * 5, fps=30.0))
    keypoints = np.array(chunk.keypoints, np.float64)
    later = int(at * len(keypoints))
    keypoints[later:, :, :2] = 0.5 + (keypoints[later:, :, :2] - 0.5) * zoom
    changed = replace(chunk, keypoints=keypoints.astype(chunk.keypoints.dtype))
    entries, _ = entries_of(head, [changed], JobOptions(exercise="squat"))
    (summary,) = (e.message for e in entries if isinstance(e.message, ExerciseSummary))
    return summary.counter, [rep.formScore for rep in summary.history if rep.counted]


@pytest.mark.parametrize("zoom", [0.42, 0.6])
@pytest.mark.parametrize("at", [0.35, 0.5, 0.62])
def test_a_smaller_picture_in_mid_clip_loses_no_rep(zoom: float, at: float) -> None:
    count, scores = squats_with(zoom, at)
    assert count == 5
    even, _ = squats_with(1.0, at)
    assert even == 5 and len(scores) == 5
    # also the one that crosses the change is judged, by its frames of one size
    assert min(scores) > 70


def test_only_a_sudden_change_ends_a_stretch() -> None:
    seconds = np.arange(300) / 30
    nearer = np.linspace(0.4, 0.9, 300)
    assert len(stretches(seconds, np.tile(nearer[:, None], 4))) == 1
    jumps = np.where(seconds < 5, 0.4, 0.9)
    first, second = stretches(seconds, np.tile(jumps[:, None], 4))
    assert (first.factor, second.factor) == pytest.approx((1.0, 0.4 / 0.9))
    assert seconds[second.first] == pytest.approx(5.0, abs=0.07)
