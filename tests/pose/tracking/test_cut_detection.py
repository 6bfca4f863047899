"""What is a cut and what is not."""

from __future__ import annotations

import numpy as np

from worker.pose.tracking.cut_detection import SIDE, is_cut, thumbnail


def room(seed: int) -> np.ndarray:
    """A picture with a light and a dark side somewhere."""
    y, x = np.mgrid[0:240, 0:320]
    slope = (x if seed % 2 else y) * (1 if seed < 2 else -1)
    return np.repeat(((slope - slope.min()) / np.ptp(slope) * 200)[..., None], 3, 2).astype(
        np.uint8
    )


def test_another_shot_is_a_cut_and_a_movement_is_none() -> None:
    before = room(0)
    moved = before.copy()
    moved[60:220, 100:200] = 20
    darker = (before * 0.6).astype(np.uint8)
    views = [thumbnail(image) for image in (before, moved, darker, room(2), room(1))]
    assert all(len(view) == SIDE * SIDE for view in views)
    assert [is_cut(views[0], view) for view in views] == [False, False, False, True, True]


def test_what_shows_nothing_is_no_cut() -> None:
    black = thumbnail(np.zeros((240, 320, 3), np.uint8))
    assert not is_cut(black, thumbnail(room(0)))
    assert not is_cut([], thumbnail(room(0)))
