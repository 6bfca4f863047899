"""What a jump is found in: a few seconds of frames, coarse signals by their side."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from worker.motion.features import PAIRS, Body, Floats, feature, merged
from worker.motion.frames import Frames

KEPT = 4.0
"""Seconds of frames that are kept: a jump, its landing, and the standing before it."""

FEET = 0.25
"""Score from which an ankle takes part."""


@dataclass(frozen=True)
class Rows:
    """n frames: `seconds` of what was filmed, logged `joints` [n, 17, 3] in frame heights (x too),
    and, smoothed: height of the `hip` and of the `feet`, both ankles [n, 2], in the picture (nan
    where hidden), `size` the stature that the limbs tell, `sure` the better hip's score, `upright`
    whether the body is stretched and vertical. `known` says whether there is anybody."""

    seconds: Floats
    joints: Floats
    hip: Floats
    feet: Floats
    size: Floats
    sure: Floats
    upright: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.seconds)

    def with_more(self, more: Rows) -> Rows:
        """These rows less the oldest, and `more`."""
        start = int(np.searchsorted(self.seconds, more.seconds[0] - KEPT))
        return Rows(
            *(
                np.concatenate((getattr(self, f.name)[start:], getattr(more, f.name)))
                for f in fields(self)
            )
        )

    def between(self, begin: float, end: float) -> Rows:
        """The rows in which somebody was logged, from `begin` to `end` seconds."""
        chosen = (self.seconds >= begin) & (self.seconds <= end)
        chosen &= (self.joints[..., 2] > 0).any(axis=1)
        return Rows(*(getattr(self, f.name)[chosen] for f in fields(self)))


def rows_of(frames: Frames, aspect: float, slowdown: float) -> Rows:
    """The rows of a block; `aspect` is the picture's width by its height, `slowdown` the seconds of
    media in a second of what was filmed."""
    body = frames.body
    joints = frames.joints.astype(np.float64)
    joints[..., 0] *= aspect
    hip_scores = body.score[:, 11:13]
    return Rows(
        seconds=frames.times_us.astype(np.float64) * 1e-6 / slowdown,
        joints=joints,
        hip=merged(body.pair("hip")[1], hip_scores),
        feet=_feet(body),
        size=merged(*feature(body, "stature")),
        sure=hip_scores.max(axis=1),
        upright=_upright(body) & frames.known,
        known=frames.known,
    )


def _feet(body: Body) -> Floats:
    first = PAIRS["ankle"][0]
    seen = body.score[:, first : first + 2] >= FEET
    feet: Floats = np.where(seen, body.pair("ankle")[1], np.nan)
    return feet


def _upright(body: Body) -> NDArray[np.bool_]:
    """Standing with straight legs, as far as is seen: hidden legs are no reason to refuse."""
    tilt = merged(*feature(body, "trunk_tilt"))
    knees, seen = feature(body, "knee_angle")
    straight = (merged(knees, seen) > 155.0) | (seen.max(axis=1) < FEET)
    result: NDArray[np.bool_] = straight & (tilt < 20.0)
    return result
