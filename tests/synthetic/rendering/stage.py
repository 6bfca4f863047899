"""A stage: somebody performs while others walk across, or the camera is cut to another place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.synthetic.rendering.camera import View
from tests.synthetic.rendering.clothes import DressedBody, Outfit, dress
from tests.synthetic.rendering.geometry import Floats, Z, rotation
from tests.synthetic.rendering.model import load_body
from tests.synthetic.rendering.moves import posture_of
from tests.synthetic.rendering.posture import Posture, Struck, strike
from tests.synthetic.rendering.take import Take

_STEPS, _LIFT = 1.7, 0.35
"""Steps a second of somebody who walks across, and how high the knees come in them."""
_EDGE = 2.3
"""Metres beside the performer from where to where the others walk."""


@dataclass(frozen=True)
class Passer:
    """Walks across in `seconds` from `start`, to the picture's right (`way` 1) or left (-1), `near`
    metres before the performer (behind where it is negative)."""

    start: float
    seconds: float
    near: float
    way: int = 1
    body: str = "woman"
    outfit: Outfit = field(default_factory=Outfit)

    def here(self, second: float) -> bool:
        """Whether the passer is on the stage."""
        return self.start <= second < self.start + self.seconds

    def posture(self, second: float) -> Posture:
        """A leg lifted in each half of a step."""
        phase = np.sin(np.pi * _STEPS * (second - self.start))
        left, right = _LIFT * max(phase, 0.0), _LIFT * max(-phase, 0.0)
        return posture_of("high_knees", load_body(self.body), left, right)

    def placed(self, points: Floats, second: float) -> Floats:
        """`points` [n, 3] of one who stands in the middle, where the passer is."""
        share = (second - self.start) / self.seconds
        x = self.way * _EDGE * (2 * share - 1)
        # facing -y; a turn by +90 degrees looks along +x
        return points @ rotation(Z, 90.0 * self.way).T + np.array([x, -self.near, 0.0])


@dataclass(frozen=True)
class Cut:
    """From `second` on the camera is another one, and the performer `aside` metres to its right."""

    second: float
    view: View
    aside: float = 0.0


@dataclass(frozen=True)
class Staged(Take):
    """A take with others in it, or a cut."""

    passers: tuple[Passer, ...] = ()
    cut: Cut | None = None

    def view_at(self, second: float) -> View:
        """The camera of a moment."""
        return self.cut.view if self.cut and second >= self.cut.second else self.view

    def moved(self, points: Floats, second: float) -> Floats:
        """Points [n, 3] of the performer, where they are in the world."""
        if self.cut is None or second < self.cut.second:
            return points
        return points + self.cut.aside * self.cut.view.axes[0]


def staging(take: Take) -> dict[str, Any]:
    """What `truth.json` says of others and of cuts, seconds; nothing where there are none."""
    if not isinstance(take, Staged):
        return {}
    said: dict[str, Any] = {"cuts_s": [take.cut.second]} if take.cut else {}
    if take.passers:
        said["crossed_s"] = [[one.start, round(one.start + one.seconds, 2)] for one in take.passers]
    return said


@dataclass(frozen=True)
class Actor:
    """Who is on the stage at a moment: clothes, skin over the cloth and bare [v, 3]."""

    body: DressedBody
    skin: Floats
    bare: Floats


def actors(take: Take, postures: list[Posture]) -> Iterator[tuple[View, list[Actor]]]:
    """The camera and everybody at each moment of `take`, the performer first."""
    dressed = [dress(take.model, take.outfit, take.seed)]
    staged = take if isinstance(take, Staged) else None
    passers = staged.passers if staged else ()
    dressed += [dress(load_body(one.body), one.outfit, take.seed) for one in passers]
    for second, posture in zip(take.times.tolist(), postures, strict=True):
        own = _actor(dressed[0], strike(take.model, posture))
        if staged:
            own = Actor(own.body, staged.moved(own.skin, second), staged.moved(own.bare, second))
        found = [own]
        for one, body in zip(passers, dressed[1:], strict=True):
            if one.here(second):
                other = _actor(body, strike(body.model, one.posture(second)))
                skin, bare = (one.placed(part, second) for part in (other.skin, other.bare))
                found.append(Actor(body, skin, bare))
        yield (staged.view_at(second) if staged else take.view), found


def _actor(body: DressedBody, struck: Struck) -> Actor:
    model = body.model
    skin, bare = (
        model.skinned(vertices, struck.matrices, struck.shifts)
        for vertices in (body.vertices, model.vertices)
    )
    return Actor(body, skin, bare)
