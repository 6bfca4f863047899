"""One track: where it goes, and whose a detection is."""

from __future__ import annotations

import numpy as np

from worker.pose.tracking.track import Track


def test_an_edge_that_leaps_by_itself_is_no_walk() -> None:
    """Two people in front of each other are detected as one: the subject is no farther right."""
    track = Track(1, [196.0, 31.0, 279.0, 341.0], 0.0, [196.0, 31.0, 279.0, 341.0])
    track.take(np.array([196, 31, 279, 341], np.float32), 0.8, 0.2)
    track.take(np.array([203, 33, 324, 344], np.float32), 0.5, 0.4)
    own, other = np.array([[199, 35, 277, 301], [265, 32, 372, 345]], np.float32)
    assert track.gain(own, 0.6) > track.gain(other, 0.6)
    walker = Track(2, [100.0, 30.0, 200.0, 340.0], 0.0, [100.0, 30.0, 200.0, 340.0])
    for step in range(1, 4):
        x = 100 + 20 * step
        walker.take(np.array([x, 30, x + 100, 340], np.float32), 0.8, 0.2 * step)
    assert walker.expected(0.8)[0] > 170
