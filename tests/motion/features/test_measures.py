"""Measures: what a frame tells is told by that frame alone."""

from __future__ import annotations

import numpy as np
import pytest

from worker.exercises import EXERCISES
from worker.exercises.model import HoldExercise, RepExercise
from worker.motion.features.body_segments import Body
from worker.motion.features.measures import weighted, whole

NAMES = sorted(
    {
        part.measure
        for exercise in EXERCISES.values()
        if isinstance(exercise, RepExercise | HoldExercise)
        for part in (
            (*exercise.signals, *exercise.conditions, *exercise.typical)
            if isinstance(exercise, RepExercise)
            else (*exercise.pose, *exercise.still)
        )
    }
)


@pytest.mark.parametrize("name", NAMES)
def test_later_frames_change_nothing_of_earlier_ones(name: str) -> None:
    """However a log is cut into chunks, its messages are the same."""
    values = np.random.default_rng(5).uniform(0.05, 0.95, (3, 60, 17))
    values[0, :30] *= 0.3  # narrow at first, as somebody seen from the side
    whole_clip, first = weighted(Body(*values), 1.0), weighted(Body(*values[:, :30]), 1.0)
    for all_frames, few in zip(whole(whole_clip, name), whole(first, name), strict=True):
        np.testing.assert_array_equal(all_frames[:30], few)
