"""Take-off and landing from the legs: two tracks, each with its standard deviation, averaged.

The ankles cross a heel's rise over their floor level, which is taken before and after the flight
apart, so a landing elsewhere or a camera that moves does no harm. The knees fall freely, the feet
hanging from them; their parabola passes at take-off and landing through the height that knees have
over that floor on straight legs, a heel's rise higher. How far heels rise differs between jumps; it
is the same for both tracks, so its spread is added to that of their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.anthropometry import GRAVITY
from worker.motion.features.features import Floats
from worker.motion.features.median import median
from worker.motion.jumps.flight import parabola

HEEL, HEEL_SPREAD = 0.046, 0.008
"""How far ankles, and all that stands on straight legs, are over their height on flat feet when the
toes leave or meet the floor, and its standard deviation between jumps; shares of stature. A foot
is 0.152 of stature long (Winter 2009, fig. 4.1), about two thirds of it before the ankle; its heel
up by some 40 degrees the ankle, 0.039 over the floor, comes to 0.085. Seven jumps of four people,
take-off and landing by the frames, have a mean of 0.047, eight of four others 0.044."""

STRAIGHTENS = 0.006
"""What knees rise by besides when a leg that stands at ease, its shank (0.246 of stature) leaning
by some 12 degrees, is stretched."""

SLIP = 0.012
"""Standard deviation of what a keypoint of either joint is off by at take-off and landing, as a
share of stature: with HEEL_SPREAD, what the edges of the same jumps are off by."""

SAMPLING = 0.144
"""Standard deviation of a crossing between two frames, in their distance: off by a quarter of it at
most, evenly spread."""

REST = (0.45, 0.04)
"""Seconds from a flight, at most and at least, in which feet are looked for on the floor."""

STOOD, STANDING = 3.5, 0.15
"""Seconds before take-off in which a standing pose is looked for, and its least length."""

CROUCHED = 0.82
"""Share of the longest shank below which one is not of a standing subject, but leans to the camera:
ankles slip in the air by a sixth of a shank at most."""

ROLL = 0.15
"""Seconds before take-off from which feet may roll over their toes."""

STEADY = 0.015
"""Most distance of resting ankles from their level, as a share of stature: three times the noise
of a keypoint."""

NARROW = 0.02
"""Seconds to either side of a crossing whose frames take part where there are three and more."""

SHORTEST = 0.08
"""Seconds of a flight at least."""


@dataclass(frozen=True)
class Instant:
    """A time in seconds and its standard deviation."""

    seconds: float
    sigma: float


@dataclass(frozen=True)
class Legs:
    """Heights [n] in the picture (y down, frame heights) of the `ankles` and `knees` (None where
    those are not seen) at `seconds` [n], and whether the subject seems to stand, `stands` [n]. In
    the air from about `begin` to `end`, on the floor before from `since`; `stature` in frame
    heights."""

    seconds: Floats
    ankles: Floats
    knees: Floats | None
    stands: NDArray[np.bool_]
    since: float
    begin: float
    end: float
    stature: float

    def edges(self, metres: float) -> tuple[Instant, Instant] | None:
        """Take-off and landing of a subject of a stature of `metres`; None where they, or the
        floor, were not seen."""
        floors = self._floors()
        feet = None if floors is None else self._by_ankles(*floors)
        if floors is None or feet is None:
            return None
        speed = GRAVITY * (feet[1] - feet[0]) / 2 / metres
        flying = (self.seconds >= self.begin) & (self.seconds <= self.end)
        frames = max(int(np.count_nonzero(flying)), 2)
        sampled = SAMPLING * (self.end - self.begin) / (frames - 1)
        slip, knees = 0.0, None
        if self.knees is not None:
            shank, heel = self._shank(self.knees, floors[0])
            # a bone keeps its length: what is more of it in the air, the ankle has slipped by
            slip = max(float(median((self.ankles - self.knees)[flying])) - shank, 0.0)
            before, after = (floor - shank - heel * self.stature for floor in floors)
            knees = self._by_knees(self.knees, *feet, before, after)
        off = np.array((SLIP, slip / self.stature, sampled * speed))
        sigma = float(np.sqrt(off @ off)) / speed
        # where ankles slip, what is seen of heels and knees is less sure as well
        common = float(np.hypot(HEEL_SPREAD, slip / 2 / self.stature)) / speed
        first, last = ([Instant(time, sigma)] for time in feet)
        if knees is not None:
            first.append(knees[0])
            last.append(knees[1])
        return _mean(first, common), _mean(last, common)

    def _floors(self) -> tuple[float, float] | None:
        """The ankles' level before and after the flight; one for both where only one is seen."""
        far, close = REST
        spans = (
            (max(self.begin - far, self.since), self.begin - close),
            (self.end + close, self.end + far),
        )
        before, after = (self._floor(*span) for span in spans)
        first, last = (after if before is None else before), (before if after is None else after)
        return None if first is None or last is None else (first, last)

    def _floor(self, begin: float, end: float) -> float | None:
        """The mean around the 80th percentile: a foot that rolls is over its level, never below."""
        first, last = self.seconds.searchsorted((begin, end)).tolist()
        if first >= last:
            return None
        inside = self.ankles[first:last]
        low = np.sort(inside)[int(0.8 * (len(inside) - 1))]
        return float(inside[np.abs(inside - low) <= STEADY * self.stature].mean())

    def _by_ankles(self, before: float, after: float) -> tuple[float, float] | None:
        first, last = self.seconds.searchsorted((self.begin, self.end)).tolist()
        top = first + int(self.ankles[first:last].argmin())
        lift = -HEEL * self.stature - self.ankles
        left = crossing(self.seconds, before + lift, top, -1)
        met = crossing(self.seconds, after + lift, top, 1)
        return None if left is None or met is None or met - left < SHORTEST else (left, met)

    def _shank(self, knees: Floats, floor: float) -> tuple[float, float]:
        """How far the knees are over the ankles on straight legs, and what they rise by from there
        until take-off, as a share of stature: of the standing subject, else of the straightest
        legs in sight, the 90th percentile."""
        heights = self.ankles - knees
        longest = float(np.quantile(heights, 0.9))
        flat = np.abs(self.ankles - floor) < STEADY * self.stature
        stands = self.stands & flat & (heights > CROUCHED * longest)
        stands &= self.seconds < self.begin - ROLL
        if np.count_nonzero(stands) * float(median(np.diff(self.seconds))) >= STANDING:
            return float(median(heights[stands])), HEEL + STRAIGHTENS
        return longest, HEEL

    def _by_knees(
        self, knees: Floats, begin: float, end: float, before: float, after: float
    ) -> tuple[Instant, Instant] | None:
        """When the knees' fall between `begin` and `end` passes the levels `before` and `after`."""
        path = parabola(self.seconds, knees, begin, end)
        if path is None or min(before, after) <= path.top:
            return None
        # nine times the variance of one value: what a quadratic through n has at its ends
        off = float(np.hypot(SLIP * self.stature, 3 * path.error / np.sqrt(path.frames)))
        up, down = (np.sqrt(2 * (level - path.top) / path.fall) for level in (before, after))
        return (
            Instant(path.apex - float(up), off / float(path.fall * up)),
            Instant(path.apex + float(down), off / float(path.fall * down)),
        )


def crossing(seconds: Floats, lift: Floats, top: int, step: int) -> float | None:
    """The time at which `lift` [n] crosses 0 next to the frame `top`, where it is above it: before
    it (`step` -1) or after it (1). None where it is not above, or no frame on that side is below.

    Between two frames a straight line; where frames are closer than NARROW, a line through all of
    those around.
    """
    inner = top
    while 0 <= inner < len(lift) and lift[inner] > 0:
        inner += step
    if inner == top or not 0 <= inner < len(lift):
        return None
    outer = inner - step
    share = lift[inner] / (lift[inner] - lift[outer])
    time = float(seconds[inner] + share * (seconds[outer] - seconds[inner]))
    near = np.abs(seconds - time) <= NARROW
    if np.count_nonzero(near) < 3:
        return time
    slope, level = np.polyfit(seconds[near] - time, lift[near], 1).tolist()
    off = -level / slope if slope * step < 0 else 0.0
    return time + float(np.clip(off, -NARROW, NARROW))


def _mean(found: list[Instant], common: float) -> Instant:
    """The mean by inverse variance; `common` is the standard deviation of what all share."""
    weights = np.array([1 / one.sigma**2 for one in found])
    total = float(weights.sum())
    seconds = float(weights @ np.array([one.seconds for one in found])) / total
    return Instant(seconds, float(np.hypot(common, total**-0.5)))
