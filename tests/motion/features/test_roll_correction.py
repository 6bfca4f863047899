"""A rotation tag that lays a standing subject on the side is seen through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.synthetic.analysis import entries_of
from tests.synthetic.perform import Camera, Script, perform, split
from worker.contract.options import JobOptions
from worker.contract.poses import LogHead, PoseChunk, quantised

SQUATS = Script(depths=(1.0,) * 3, noise=0.005, lead=0.4, camera=Camera(yaw=30))


def turned(
    script: Script, quarters: int, tag: int, *, begin: float = 0.0
) -> tuple[LogHead, PoseChunk]:
    """A performance whose pictures are turned clockwise by `quarters` from `begin` seconds on."""
    head, chunk = perform(script)
    media, joints = head.media, chunk.keypoints.copy()
    late = chunk.times_us >= begin * 1e6
    for _ in range(quarters):
        seen = joints[..., 2:] > 0
        x, y = joints[..., :1].copy(), joints[..., 1:2].copy()
        joints = np.where(
            late[:, None, None] & seen, np.concatenate((1 - y, x, joints[..., 2:]), axis=-1), joints
        )
    size = {"width": media.height, "height": media.width} if quarters % 2 else {}
    head = LogHead(
        media=type(media)(kind="video", duration_ms=media.duration_ms, fps=media.fps, rotation=tag,
                          **({"width": media.width, "height": media.height} | size)),
        environment=head.environment,
    )  # fmt: skip
    return head, quantised(replace(chunk, keypoints=joints))


def counted(head: LogHead, chunk: PoseChunk, exercise: str, sizes: list[int] | None = None) -> int:
    chunks = split(chunk, sizes or [])
    return entries_of(head, chunks, JobOptions(exercise=exercise))[1].result.count


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("move", ["squat", "jumping_jack", "wall_sit"])
def test_who_stands_on_the_side_of_a_turned_picture_counts(move: str, quarters: int) -> None:
    script = replace(SQUATS, move=move, camera=Camera(yaw=0), lead=0.6)
    if move == "wall_sit":
        script = replace(script, depths=(1.0,), seconds=(0.5, 4.0, 0.5, 0.5))
    head, chunk = turned(script, quarters, 90 * quarters)
    assert counted(head, chunk, move) == pytest.approx(3 if move != "wall_sit" else 4, abs=0.5)


def test_a_picture_that_was_not_turned_is_believed() -> None:
    assert counted(*turned(SQUATS, 1, 0), "squat") == 0


def test_a_picture_that_was_turned_rightly_is_left_alone() -> None:
    assert counted(*turned(SQUATS, 0, 90), "squat") == 3


def test_the_chunks_do_not_matter() -> None:
    head, chunk = turned(SQUATS, 1, 90)
    assert counted(head, chunk, "squat", [1, 7, 30, 2]) == 3


@pytest.mark.parametrize(
    ("move", "exercise"),
    [
        ("push_up", "squat"), ("push_up", "deadlift"), ("push_up", "shoulder_press"),
        ("leg_raise", "squat"), ("leg_raise", "deadlift"), ("glute_bridge", "squat"),
        ("mountain_climber", "squat"), ("plank", "wall_sit"),
    ],
)  # fmt: skip
def test_who_lies_in_a_turned_picture_does_nothing_on_the_feet(move: str, exercise: str) -> None:
    script = replace(SQUATS, move=move, camera=Camera(yaw=90, height=0.6))
    assert counted(*turned(script, 0, 90), exercise) == 0


def test_who_lies_rightly_is_not_turned() -> None:
    script = replace(SQUATS, move="push_up", camera=Camera(yaw=90, height=0.6))
    assert counted(*turned(script, 0, 90), "push_up") == 3


def test_most_of_the_last_seconds_says_which_way_is_up() -> None:
    # Two seconds of standing, then the picture lies: the old way holds until the new one has
    # lasted longer, and the turn itself looks like a movement.
    script = replace(SQUATS, depths=(1.0,) * 8, lead=2.0)
    head, chunk = turned(script, 2, 180, begin=2.0)
    assert 4 <= counted(head, chunk, "squat") <= 9
