"""One track: where it goes, and whose a detection is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pose.tracking.test_subject_movement import pose
from worker.pose.geometry.boxes import area
from worker.pose.tracking.track import Sighting, Track


def sighting(
    box: list[float] | NDArray[np.float32], pose: NDArray[np.float32] | None = None
) -> Sighting:
    """Somebody who was surely detected in a box."""
    where = np.array(box, np.float32)
    return Sighting(where, 0.8, float(area(where)), pose)


def tracked(*boxes: list[float]) -> Track:
    """A track that was surely detected in the boxes, five times a second."""
    track = Track(1, boxes[0], 0.0, boxes[0])
    for step, box in enumerate(boxes):
        track.take(sighting(box), 0.2 * step)
    return track


def test_who_is_detected_as_one_with_somebody_else_is_where_it_was() -> None:
    """Seen on film: two people in front of each other, for one keyframe in one box."""
    track = tracked([196, 31, 279, 341], [196, 31, 279, 341], [203, 33, 324, 344])
    own, other = sighting([199, 35, 277, 301]), sighting([265, 32, 372, 345])
    assert track.likeness(own, 0.6) > track.likeness(other, 0.6)


def test_who_walks_goes_on() -> None:
    walker = tracked(*([100.0 + 20 * step, 30, 200 + 20 * step, 340] for step in range(4)))
    assert walker.expected(0.8) == pytest.approx([180, 30, 280, 340], abs=3)
    walker.follow(np.array([160, 30, 260, 340], np.float32), 0.8)
    assert walker.expected(1.0)[0] < 180  # by its pose it stood


def test_who_is_where_another_was_is_told_by_its_pose() -> None:
    box = [100.0, 30.0, 200.0, 340.0]
    track = tracked(box)
    track.look(pose(150))
    here, beside = (track.likeness(sighting(box, pose(x)), 0.2) for x in (155, 220))
    assert here > 0.9
    assert beside < 0.6
    assert track.likeness(sighting(box), 0.2) == pytest.approx(1)
    assert track.likeness(sighting([500, 30, 600, 340], pose(150)), 0.2) == 0
