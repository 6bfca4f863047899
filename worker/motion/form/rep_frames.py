"""The frames of one repetition or hold as the form measures read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import PAIRS, TINY, Body, Floats
from worker.motion.features.order_statistics import quantile

Rows = NDArray[np.bool_]

SEEN = 0.4
"""Joint score from which a joint's place is believed: networks give guesses behind a bar or beyond
the picture's edge 0.1 to 0.4."""

CLEAR = 0.5
"""Share of the joints' best score in the rep under which a frame is a guess of the network: where
it loses a limb its score falls to a half and less at once."""

COVERAGE = 0.5
"""Least share of the frames asked for in which the joints must be seen."""

DEEP = 0.6
"""Share of the way from the start pose to the turning point from which a frame is deep."""

PROFILE, FACING = 0.25, 0.65
"""`frontal` seen from the side and from the front (0.22 and 0.29 of stature: Winter 2009)."""

AHEAD = 0.05
"""Least distance of the nose by trunk length that tells where the subject looks."""

NEAR_START = 0.25
"""Share of the way below which a frame shows the start pose."""

TREMBLES = 0.15
"""Seconds in which keypoints tremble and a trunk or an upper arm hardly swings."""

HIGH = 0.9
"""Quantile that stands for a maximum: a tenth of the frames may be outliers of the network."""


@dataclass(frozen=True)
class RepFrames:
    """n consecutive frames of one repetition, from its start pose over its turning point and back.

    `seconds` [n]; `body` the smoothed, upright joints of exactly these frames; `progress` [n] 0 in
    the start pose, about 1 at the turning point (only its course in time is used); `turn` the row
    of the turning point. `side` is 0 (left) or 1 (right) where one side alone does the rep, else
    None. `depth` is the range reached as a share of the exercise's full range, None where counting
    does not know it. A hold is one rep whose `progress` is the same throughout.
    """

    seconds: Floats
    body: Body
    progress: Floats
    turn: int
    side: int | None = None
    depth: float | None = None

    def __len__(self) -> int:
        return len(self.seconds)

    # ------------------------------------------------------------------ phases

    @cached_property
    def share(self) -> Floats:
        """Progress [n] from 0 at its least to 1 at its greatest in the rep; 1 in a hold."""
        known = self.progress[np.isfinite(self.progress)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        if high - low < TINY:
            return np.ones(len(self))
        share: Floats = (np.nan_to_num(self.progress, nan=low) - low) / (high - low)
        return share

    @cached_property
    def all(self) -> Rows:
        """Every row."""
        return np.ones(len(self), np.bool_)

    @cached_property
    def deep(self) -> Rows:
        """Rows near the turning point."""
        return self.share >= DEEP

    @cached_property
    def start(self) -> Rows:
        """Rows in the start pose, at either end; the first and the last where there are none."""
        rows = self.share <= NEAR_START
        if not rows.any():
            rows[[0, -1]] = True
        return rows

    @cached_property
    def turned(self) -> Rows:
        """Rows about the turning point: a fifth of the rep, 0.4 s at most."""
        seconds = self.seconds
        around = min(0.1 * float(seconds[-1] - seconds[0]), 0.2)
        rows: Rows = np.abs(seconds - seconds[self.turn]) <= around + 1e-9
        return rows

    @cached_property
    def out(self) -> Rows:
        """Rows up to the turning point."""
        return np.arange(len(self)) <= self.turn

    @cached_property
    def back(self) -> Rows:
        """Rows from the turning point on."""
        return np.arange(len(self)) >= self.turn

    # ------------------------------------------------------------------ joints

    @cached_property
    def _cache(self) -> dict[str, tuple[Floats, Floats, Floats]]:
        return {}

    def weights(self, joint: str) -> Floats:
        """Weights [n, 2] of the two sides' `joint`: the squares of their scores."""
        first = PAIRS[joint][0]
        score = self.body.score[:, first : first + 2]
        weights: Floats = score * score + 1e-9
        return weights

    def point(self, joint: str) -> tuple[Floats, Floats]:
        """x and y [n] of `joint`: of the working side, else the mean of both by weight. The mean of
        two limbs is a place of neither: use it for heights, and for what lies in the body's middle.
        """
        x, y, _ = self._point(joint)
        return x, y

    def seen(self, *joints: str) -> Floats:
        """Lowest score [n] of the joints, each of its better seen (or of the working) side."""
        lowest = self._point(joints[0])[2]
        for joint in joints[1:]:
            lowest = np.minimum(lowest, self._point(joint)[2])
        return lowest

    def _point(self, joint: str) -> tuple[Floats, Floats, Floats]:
        found = self._cache.get(joint)
        if found is None:
            x, y = self.body.pair(joint)
            first = PAIRS[joint][0]
            score = self.body.score[:, first : first + 2]
            if self.side is not None and joint not in ("shoulder", "hip"):
                found = x[:, self.side], y[:, self.side], score[:, self.side]
            else:
                weight = self.weights(joint)
                total = weight.sum(axis=1)
                found = (
                    (x * weight).sum(axis=1) / total,
                    (y * weight).sum(axis=1) / total,
                    score.max(axis=1),
                )
            self._cache[joint] = found
        return found

    def merged(self, values: Floats, *joints: str) -> tuple[Floats, Floats]:
        """Of values [n, 2] of the two sides: the working side's, else their mean [n] weighted by
        the square of how well each side's joints are seen; and how well the better one is [n]."""
        seen = self.body.seen(joints)
        if self.side is not None:
            return values[:, self.side], seen[:, self.side]
        weight = seen * seen + 1e-9
        mean: Floats = (values * weight).sum(axis=1) / weight.sum(axis=1)
        return mean, seen.max(axis=1)

    # ------------------------------------------------------------------ the subject

    def _longest(self, first: str, second: str) -> float:
        """True length of a segment that each side has: foreshortening only shortens it, and a side
        that is not seen has no say."""
        lengths = self.body.length(first, second)
        seen = self.body.seen((first, second))
        longest = [quantile(lengths[:, side], HIGH) for side in (0, 1)]
        known = [quantile(seen[:, side], 0.5) for side in (0, 1)]
        believed = [
            length
            for length, score in zip(longest, known, strict=True)
            if score >= 0.7 * max(known)
        ]
        return max(believed)

    @cached_property
    def trunk(self) -> float:
        """Length from the middle of the shoulders to that of the hips, in frame heights."""
        (sx, sy), (hx, hy) = self.point("shoulder"), self.point("hip")
        return quantile(np.sqrt((sx - hx) ** 2 + (sy - hy) ** 2), HIGH) + TINY

    @cached_property
    def leg(self) -> float:
        """Length of thigh and shank, in frame heights."""
        return self._longest("hip", "knee") + self._longest("knee", "ankle")

    @cached_property
    def arm(self) -> float:
        """Length of upper arm and forearm, in frame heights."""
        return self._longest("shoulder", "elbow") + self._longest("elbow", "wrist")

    @cached_property
    def frontal(self) -> float:
        """Shoulder width by trunk length, median: ~0.7 facing the camera, ~0.2 in profile."""
        x, y = self.body.pair("shoulder")
        width = np.sqrt((x[:, 0] - x[:, 1]) ** 2 + (y[:, 0] - y[:, 1]) ** 2)
        return quantile(width, 0.5) / self.trunk

    @cached_property
    def facing(self) -> float:
        """From 0 in profile to 1 facing the camera, or from behind."""
        return min(max((self.frontal - PROFILE) / (FACING - PROFILE), 0.0), 1.0)

    @cached_property
    def heading(self) -> int:
        """Where the subject looks in the picture: 1 to the right, -1 to the left, 0 not known.

        In profile the nose lies ahead of the ears by a tenth of the trunk and more, and, where they
        are hidden, ahead of the trunk's line.
        """
        score, x, y = self.body.score, self.body.x, self.body.y
        ears = score[:, 3:5] * score[:, 3:5] + 1e-9
        nose, ear = score[:, 0] >= SEEN, score[:, 3:5].max(axis=1) >= SEEN
        if (nose & ear).any():
            rows = nose & ear
            ahead = x[:, 0] - (x[:, 3:5] * ears).sum(axis=1) / ears.sum(axis=1)
        elif nose.any():
            rows = nose
            (sx, sy), (hx, hy) = self.point("shoulder"), self.point("hip")
            along = np.sqrt((sx - hx) ** 2 + (sy - hy) ** 2) + TINY
            ahead = ((sx - hx) * (y[:, 0] - sy) - (sy - hy) * (x[:, 0] - sx)) / along
        else:
            return 0
        share = quantile(ahead[rows], 0.5) / self.trunk
        return 0 if abs(share) < AHEAD else (1 if share > 0 else -1)

    # ------------------------------------------------------------------ taking a value

    def part(self, values: Floats, seen: Floats, rows: Rows, share: float) -> float | None:
        """The quantile `share` of what `over` gives."""
        found = self.over(values, seen, rows)
        return None if found is None else quantile(found, share)

    def reached(self, values: Floats, seen: Floats) -> float | None:
        """Mean about the turning point: how far a rep goes, to which a tremor adds nothing."""
        found = self.over(values, seen, self.turned)
        return None if found is None else float(found.mean())

    def spread(self, values: Floats, seen: Floats) -> float | None:
        """Range over the rep of the means of TREMBLES seconds of `values`, without a twentieth at
        either end; None of what was seen for no longer."""
        found = self.over(values, seen, self.all)
        if found is None:
            return None
        usual = float(self.seconds[-1] - self.seconds[0]) / max(len(self) - 1, 1)
        rows = max(round(TREMBLES / max(usual, TINY)), 1)
        if len(found) <= rows:
            return None
        sums = np.cumsum(np.concatenate(([0.0], found)))
        means = (sums[rows:] - sums[:-rows]) / rows
        return quantile(means, 0.95) - quantile(means, 0.05)

    def over(self, values: Floats, seen: Floats, rows: Rows) -> Floats | None:
        """Those of `values` [n] in `rows` whose joints were seen; None where too few were."""
        asked = int(np.count_nonzero(rows))
        if asked == 0:
            return None
        least = max(SEEN, CLEAR * quantile(seen, HIGH))
        usable = rows & (seen >= least) & np.isfinite(values)
        found = int(np.count_nonzero(usable))
        if found < max(COVERAGE * asked, 1):
            return None
        return values[usable]


Measure = Callable[[RepFrames], float | None]
"""Takes a rep; gives the measured value in the criterion's unit, None where it cannot be seen."""
