"""What a jump is found in: a few seconds of frames, coarse signals by their side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from worker.motion.features.body_segments import PAIRS, Body, Columns, Floats, merged
from worker.motion.features.order_statistics import quantile
from worker.motion.frames.frames import Frames
from worker.motion.frames.smoothing import has_person

KEPT = 6.0
"""Seconds of frames that are kept: a jump in slow motion, its landing, the standing before it."""

FEET = 0.25
"""Score from which an ankle takes part."""

HEAD = slice(0, 5)
"""Nose, eyes and ears."""

LEG = ("hip", "knee", "ankle")

CHAIN = 0.779
"""Shoulder to hip to knee to ankle along the body, as a share of stature (Drillis and Contini 1966,
in Winter 2009, fig. 4.1)."""

REPEATED = 0.2
"""Share of the usual movement between two frames below which the second repeats the first, as in
recordings of a screen or of 24 frames a second shown at 30."""


@dataclass(frozen=True)
class Rows(Columns):
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

    def kept(self, start: int, stop: int) -> Rows:
        """The rows until `stop`, less those that are too old for the block that begins at
        `start`."""
        oldest = int(np.searchsorted(self.seconds, self.seconds[start] - KEPT))
        return self[oldest:stop]

    def usual_size(self, seconds: float) -> float:
        """The 90th percentile of `size` over the last `seconds`; 0 where nobody was there."""
        first = int(np.searchsorted(self.seconds, self.seconds[-1] - seconds, side="right"))
        sizes = self.size[first:][self.known[first:]]
        return quantile(sizes, 0.9) if len(sizes) else 0.0

    def between(self, begin: float, end: float) -> Rows:
        """The rows in which somebody was logged, from `begin` to `end` seconds."""
        first = int(np.searchsorted(self.seconds, begin))
        last = int(np.searchsorted(self.seconds, end, side="right"))
        rows = self[first:last]
        logged = has_person(rows.joints)
        return rows if logged.all() else rows[logged]

    def distinct(self) -> Rows:
        """The rows less those that repeat the one before: the movement seen in them is zero for a
        frame and double in the next. Usual is the 80th percentile of eleven frames around."""
        if len(self) < 3:
            return self
        moved = np.abs(np.diff(self.joints[:, 5:, :2], axis=0)).mean(axis=(1, 2))
        around = sliding_window_view(np.pad(moved, 5, "edge"), 11)
        kept = np.concatenate(([True], moved >= REPEATED * np.sort(around, axis=1)[:, 8]))
        return self[kept]

    def still(self, span: float, most: float) -> NDArray[np.bool_]:
        """Whether [n] the hips move by `most` frame heights at most in the `span` seconds around:
        at the bottom of a hop they rest for a moment only."""
        reach = max(round(0.5 * span / float(np.median(np.diff(self.seconds)))), 1)
        around = sliding_window_view(np.pad(self.hip, reach, "edge"), 2 * reach + 1)
        still: NDArray[np.bool_] = np.ptp(around, axis=1) <= most
        return still

    def height_of(self, joint: str, scores: Floats) -> Floats | None:
        """Height [n] in the picture of a pair of joints, or of the `head`, as logged, each joint
        weighted by the square of its score in `scores` [17]; None where none of them is seen."""
        columns = HEAD if joint == "head" else slice(PAIRS[joint][0], PAIRS[joint][1] + 1)
        weights = np.where(scores[columns] >= FEET, scores[columns] ** 2, 0.0)
        total = float(weights.sum())
        if total <= 0:
            return None
        height: Floats = self.joints[:, columns, 1] @ (weights / total)
        return height


def rows_of(frames: Frames, aspect: float, slowdown: float) -> Rows:
    """The rows of frames; `aspect` is the picture's width by its height, `slowdown` the seconds of
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
        size=_stature(body),
        sure=hip_scores.max(axis=1),
        upright=_upright(body) & frames.known,
        known=frames.known,
    )


def _feet(body: Body) -> Floats:
    first = PAIRS["ankle"][0]
    seen = body.score[:, first : first + 2] >= FEET
    feet: Floats = np.where(seen, body.pair("ankle")[1], np.nan)
    return feet


def _stature(body: Body) -> Floats:
    """Stature [n] in frame heights, as the trunk, thighs and shanks seen in the picture tell it."""
    chain = ("shoulder", *LEG)
    length = np.sum([body.length(*ends) for ends in pairwise(chain)], axis=0)
    return merged(length / CHAIN, body.seen(chain))


def _upright(body: Body) -> NDArray[np.bool_]:
    """Standing with straight legs, as far as is seen: hidden legs are no reason to refuse."""
    (shoulder_x, shoulder_y), (hip_x, hip_y) = (
        (x.mean(axis=1), y.mean(axis=1)) for x, y in map(body.pair, ("shoulder", "hip"))
    )
    tilt = np.degrees(np.arctan2(np.abs(shoulder_x - hip_x), hip_y - shoulder_y))
    seen = body.seen(LEG)
    straight = (merged(body.angle(*LEG), seen) > 155.0) | (seen.max(axis=1) < FEET)
    result: NDArray[np.bool_] = straight & (tilt < 20.0)
    return result
