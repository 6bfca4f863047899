from __future__ import annotations

import io

import numpy as np
import pytest

from worker.media.rendering.hud import NO_HUD, Hud
from worker.media.rendering.overlay_track import Drawing, DrawingTrack, decoded, encode

TOLERANCE_US = 10_000


def pose(x: float) -> np.ndarray:
    values = np.ones((17, 3), np.float32)
    values[:, 0] = x
    return values


@pytest.fixture
def track() -> DrawingTrack:
    """Poses at 0, 100, 200, 900 and 1000 ms whose x is the time in seconds; nobody at 200 ms."""
    times = [0, 100_000, 200_000, 900_000, 1_000_000]
    rows = [
        Drawing(time, None if time == 200_000 else pose(time / 1e6), Hud(count=n))
        for n, time in enumerate(times)
    ]
    return DrawingTrack(iter(rows), TOLERANCE_US)


@pytest.mark.parametrize(
    ("time_us", "expected"),
    [
        (0, 0.0),
        (-9_000, 0.0),
        (-11_000, None),
        (8_000, 0.0),
        (25_000, 0.025),
        (92_000, 0.1),
        (150_000, None),
        (200_000, None),
        (950_000, 0.95),
        (1_009_000, 1.0),
        (1_011_000, None),
    ],
)
def test_nearest_else_between(track: DrawingTrack, time_us: int, expected: float | None) -> None:
    found, _ = track.at(time_us)
    x = None if found is None else float(found[0, 0])
    assert x == (None if expected is None else pytest.approx(expected))


def test_the_panel_is_that_of_the_last_row_that_began(track: DrawingTrack) -> None:
    times = [-5_000, 0, 99_999, 100_000, 150_000, 899_000, 900_000, 2_000_000]
    assert [track.at(time)[1].count for time in times] == [0, 0, 0, 1, 1, 2, 3, 4]


def test_far_poses_are_not_joined() -> None:
    track = DrawingTrack(iter([Drawing(0, pose(0)), Drawing(600_000, pose(1))]), TOLERANCE_US)
    assert track.at(300_000)[0] is None


def test_no_drawings_at_all() -> None:
    assert DrawingTrack(iter([]), TOLERANCE_US).at(0) == (None, NO_HUD)


def test_drawings_survive_the_pipe() -> None:
    rows = [
        Drawing(-5, None, NO_HUD),
        Drawing(1 << 40, pose(0.25), Hud(12, "A", 0.5, "jumps")),
        Drawing(7, np.ones((33, 7), np.float32), Hud(count=0)),
    ]
    back = list(decoded(io.BytesIO(b"".join(map(encode, rows))).read))
    assert [(row.time_us, row.hud) for row in back] == [(row.time_us, row.hud) for row in rows]
    assert back[0].pose is None
    assert back[1].pose is not None
    assert (back[1].pose == pose(0.25)).all()
    assert back[2].pose is not None
    assert back[2].pose.shape == (33, 3)
