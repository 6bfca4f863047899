"""Ways in which people perform and film that must not change a count, as data.

Each changes a performance of the grid at one of three places: the script (camera, tempo, depths),
the body in metres with its frame times, or the joints in the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tests.synthetic.grid import Cell
from tests.synthetic.moves import MOVES
from tests.synthetic.perform import Script, _course, film, times_of
from tests.synthetic.skeleton import Floats
from tests.synthetic.variants import (
    Body,
    hands_at_chest,
    inclined,
    on_the_knees,
    one_leg_in_the_air,
    rests_between,
    seated,
    stands_before_and_after,
    tires,
    walks_in_and_out,
)
from worker.contract.poses import LogHead, PoseChunk, quantised

PROFILE_YAW = 50.0
"""Degrees from which `film` takes one side for the farther one."""


def _same_script(script: Script) -> Script:
    return script


def _same_body(body: Body, script: Script) -> Body:
    return body


def _same_picture(joints: Floats, seconds: Floats) -> Floats:
    return joints


@dataclass(frozen=True)
class Filming:
    """One way; `only` names the exercises that it makes sense for, none for all."""

    script: Callable[[Script], Script] = _same_script
    body: Callable[[Body, Script], Body] = _same_body
    picture: Callable[[Floats, Floats], Floats] = _same_picture
    """Joints [n, 17, 3] with scores, 0-1 of the picture."""
    only: frozenset[str] = frozenset()
    profile: bool = False
    """Whether it makes sense in views from the side alone."""

    def suits(self, cell: Cell) -> bool:
        """Whether that performance can be filmed so."""
        return (not self.only or cell.exercise in self.only) and (
            not self.profile or abs(cell.yaw) > PROFILE_YAW
        )


def _camera(**changes: float) -> Callable[[Script], Script]:
    return lambda script: replace(script, camera=replace(script.camera, **changes))  # type: ignore[arg-type]


def _turned(by: float) -> Callable[[Script], Script]:
    return lambda script: replace(script, camera=replace(script.camera, yaw=script.camera.yaw + by))


def _paced(script: Script, factor: float) -> Script:
    out, hold, back, rest = script.seconds
    return replace(script, seconds=(factor * out, factor * hold, factor * back, factor * rest))


def _placed(joints: Floats, change: Callable[[Floats], Floats]) -> Floats:
    """Joints at other places; those that leave the picture are guesses at its edge."""
    seen = joints[..., 2] > 0
    places = np.where(seen[..., None], change(joints[..., :2]), 0.0)
    inside = np.clip(places, 0.0, 1.0)
    gone = np.abs(places - inside).max(axis=-1) > 0
    scores = np.where(gone & seen, 0.12, joints[..., 2])
    return np.concatenate((inside, scores[..., None]), axis=-1)


def _body_edges(joints: Floats) -> tuple[float, float]:
    """Upper and lower edge of the body in the picture over the clip."""
    rows = joints[..., 1][joints[..., 2] > 0]
    return float(np.percentile(rows, 2)), float(np.percentile(rows, 98))


def _cut_below(share: float) -> Callable[[Floats, Floats], Floats]:
    """The picture ends above the lowest `share` of the body."""

    def change(joints: Floats, seconds: Floats) -> Floats:
        top, bottom = _body_edges(joints)
        shift = 1 - (bottom - share * (bottom - top))
        return _placed(joints, lambda places: places + np.array((0.0, shift)))

    return change


def _cut_above(joints: Floats, seconds: Floats) -> Floats:
    top, bottom = _body_edges(joints)
    shift = top + 0.12 * (bottom - top)
    return _placed(joints, lambda places: places - np.array((0.0, shift)))


def _sways(joints: Floats, seconds: Floats) -> Floats:
    """A phone in somebody's hand: slow sway by 3 % of the height, and a roll of 2 degrees."""
    sway = np.stack((0.03 * np.sin(seconds / 1.4), 0.02 * np.sin(seconds / 2.1)), axis=1)
    return _placed(joints, lambda places: places + sway[:, None])


def _zooms(joints: Floats, seconds: Floats) -> Floats:
    nearer = (1 + 0.25 * seconds / seconds[-1])[:, None, None]
    return _placed(joints, lambda places: 0.5 + (places - 0.5) * nearer)


def _pans(joints: Floats, seconds: Floats) -> Floats:
    away = 0.2 * (seconds / seconds[-1] - 0.5)
    return _placed(joints, lambda places: places + np.stack((away, 0 * away), axis=1)[:, None])


def _rolled(degrees: float) -> Callable[[Floats, Floats], Floats]:
    def change(joints: Floats, seconds: Floats) -> Floats:
        turn, shape = np.radians(degrees), np.array((16 / 9, 1.0))

        def rolled(places: Floats) -> Floats:
            x, y = np.moveaxis((places - 0.5) * shape, -1, 0)
            back = (x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn))
            return 0.5 + np.stack(back, axis=-1) / shape

        return _placed(joints, rolled)

    return change


def _far_side_hidden(joints: Floats, seconds: Floats) -> Floats:
    """What `film` scores lower from the side is not seen at all."""
    scores = joints[..., 2]
    left, right = (scores[:, first::2].mean() for first in (1, 2))
    hidden = joints.copy()
    far = hidden[:, (1 if left < right else 2) :: 2, 2]
    np.minimum(far, 0.12, out=far)
    return hidden


def _doubtful(joints: Floats, seconds: Floats) -> Floats:
    """A small network's scores: half of them."""
    return np.concatenate((joints[..., :2], 0.5 * joints[..., 2:]), axis=-1)


FLOOR_PRESS = frozenset({"push_up", "mountain_climber"})
KNEES = frozenset({"high_knees", "mountain_climber"})
ARMS = frozenset(
    {
        "bicep_curl", "hammer_curl", "shoulder_press", "lateral_raise", "front_raise",
        "triceps_extension",
    }
)  # fmt: skip
LEGS = frozenset({"squat", "lunge", "side_lunge", "calf_raise", "high_knees"})

FILMINGS: dict[str, Filming] = {
    "plain": Filming(),
    "turned by 25": Filming(_turned(25)),
    "turned by -25": Filming(_turned(-25)),
    "from the other side": Filming(_turned(180)),
    "close": Filming(_camera(distance=2.2, focal=0.5)),
    "far": Filming(_camera(distance=9.0, focal=0.9)),
    "phone on the floor": Filming(_camera(height=0.1, pitch=12.0)),
    "from above": Filming(_camera(height=2.4, pitch=-20.0)),
    "portrait": Filming(_camera(width=720, frame_height=1280, focal=1.3)),
    "in turn": Filming(lambda s: replace(s, alternate=True), only=ARMS),
    "shallow to deep": Filming(lambda s: replace(s, depths=(0.7, 0.8, 0.9, 1.0, 0.75))),
    "lopsided": Filming(lambda s: replace(s, lopsided=0.0 if s.alternate else 0.25)),
    "quick": Filming(lambda s: _paced(s, 0.5)),
    "slow": Filming(lambda s: _paced(s, 3.0)),
    "no rest": Filming(lambda s: replace(s, seconds=(*s.seconds[:3], 0.0))),
    "held at the end": Filming(lambda s: replace(s, seconds=(s.seconds[0], 2.0, *s.seconds[2:]))),
    "tires": Filming(body=tires),
    "8 frames a second": Filming(lambda s: replace(s, fps=8.0)),
    "trembling joints": Filming(lambda s: replace(s, noise=0.025, dropout=0.15)),
    "doubtful joints": Filming(lambda s: replace(s, noise=0.015), picture=_doubtful),
    "walks in and out": Filming(body=walks_in_and_out),
    "stands before and after": Filming(body=stands_before_and_after),
    "rests for ten seconds": Filming(body=rests_between),
    "hands on a bench": Filming(body=inclined(15), only=FLOOR_PRESS),
    "feet on a bench": Filming(body=inclined(-15), only=FLOOR_PRESS),
    "on the knees": Filming(body=on_the_knees, only=frozenset({"push_up"})),
    "one arm": Filming(lambda s: replace(s, lopsided=1.0), only=ARMS),
    "seated": Filming(body=seated, only=ARMS),
    "hands at the chest": Filming(body=hands_at_chest, only=LEGS),
    "one leg in the air": Filming(body=one_leg_in_the_air, only=frozenset({"glute_bridge"})),
    "feet outside": Filming(picture=_cut_below(0.08)),
    "head outside": Filming(picture=_cut_above),
    "farther side hidden": Filming(picture=_far_side_hidden, profile=True),
    "handheld": Filming(picture=_sways),
    "zooms in": Filming(picture=_zooms),
    "pans": Filming(picture=_pans),
    "rolled by 8": Filming(picture=_rolled(8)),
}


def told(cell: Cell, filming: Filming, reps: int) -> int:
    """The count that is right: of knees in turn only those of the nearer side are seen."""
    if filming.picture is not _far_side_hidden or cell.exercise not in KNEES:
        return reps
    return (reps + 1) // 2 if cell.yaw > 0 else reps // 2


def filmed(script: Script, filming: Filming) -> tuple[LogHead, PoseChunk]:
    """The pose log of a performance that is filmed so."""
    script = filming.script(script)
    seconds = times_of(script)
    joints, seconds = filming.body((MOVES[script.move](*_course(script, seconds)), seconds), script)
    head, chunk = film(joints, seconds, float(seconds[-1]) + 1 / script.fps, script)
    picture = filming.picture(chunk.keypoints[..., :3].astype(np.float64), seconds)
    return head, quantised(replace(chunk, keypoints=picture.astype(np.float32)))
