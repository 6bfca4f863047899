"""Take-off and landing from the body's heights: three tracks, each with its standard deviation,
averaged.

The ankles cross a heel's rise over their floor level, which is taken before and after the flight
apart, so a landing elsewhere or a camera that moves does no harm. Knees and head fall freely, and
their parabolas pass at take-off and landing through the height that they have over that floor on
straight legs, a heel's rise higher. How far heels rise differs between jumps; it is the same for
all tracks, so its spread is added to that of their mean.

Feet that point down hide where their ankles are; the head is the surest keypoint of all. But who
flings legs and arms apart moves it within the body, so it takes part where it falls as fast as its
size lets expect; and who lands nearer to the camera by a fortieth of the distance looks taller by
as much, so it tells take-offs alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Floats
from worker.motion.features.order_statistics import median
from worker.motion.jumps.estimate import Estimate, mean
from worker.motion.jumps.flight import Parabola, parabola

HEEL, HEEL_SPREAD = 0.046, 0.008
"""How far ankles, and all that stands on straight legs, are over their height on flat feet when the
toes leave or meet the floor, and its standard deviation between jumps; shares of stature. A foot
is 0.152 of stature long (Winter 2009, fig. 4.1), about two thirds of it before the ankle; its heel
up by some 40 degrees the ankle, 0.039 over the floor, comes to 0.085. Seven jumps of four people,
take-off and landing by the frames, have a mean of 0.047, eight of four others 0.044."""

LANDING_SPREAD = 0.015
"""The same of landings: feet meet the floor nearly flat or on the toes, pitched by 15 to 45 degrees
(0.017 to 0.05). Landings by the ankles of the same jumps scatter 1.6 times as widely as
take-offs."""

STRAIGHTENS = 0.006
"""What knees rise by besides when a leg that stands at ease, its shank (0.246 of stature) leaning
by some 12 degrees, is stretched."""

TALLER = 0.062
"""How far the head is higher at take-off and landing than in quiet standing, as a share of stature:
heels that rise by 0.046 to 0.056 (the foot pitched by 40 to 48 degrees), and thighs and shanks that
straighten (2 STRAIGHTENS). Five jumps of four people have a mean of 0.069."""

SLIP = 0.012
"""Standard deviation of what a keypoint of any track is off by at take-off and landing, as a
share of stature: with HEEL_SPREAD, what the edges of the same jumps are off by."""

SAMPLING = 0.144
"""Standard deviation of a crossing between two frames, in their distance: off by a quarter of it at
most, evenly spread."""

REST = (0.45, 0.04)
"""Seconds from a flight, at most and at least, in which feet are looked for on the floor."""

STOOD, STANDING = 3.5, 0.25
"""Seconds before take-off in which a standing pose is looked for, and its least length."""

CROUCHED = 0.82
"""Share of the longest shank with the feet on the floor below which one is not of a standing
subject, but leans to the camera."""

STOOPED = 0.95
"""The same of the head over the ankles."""

ROLL = 0.15
"""Seconds before take-off from which feet may roll over their toes."""

NOISE = 0.006
"""Standard deviation of a keypoint in one frame, as a share of stature: what knees are off their
parabola by in flights of 30 frames a second."""

STEADY = 0.015
"""Most distance of resting ankles from their level, as a share of stature."""

NARROW = 0.02
"""Seconds to either side of a crossing whose frames take part where there are three and more."""

SHORTEST = 0.08
"""Seconds of a flight at least."""


@dataclass(frozen=True)
class Tracks:
    """Heights [n] in the picture (y down, frame heights) of the `ankles`, and of the `knees` and
    the `head` (None where those are not seen) at `seconds` [n], and whether the subject seems to
    stand, `stands` [n]. In the air from about `begin` to `end`, on the floor before from `since`;
    `flat` is the ankles' level before a series of hops, None where this is the first. `stature` in
    frame heights, the `fall` of the body in those per second squared."""

    seconds: Floats
    ankles: Floats
    knees: Floats | None
    head: Floats | None
    stands: NDArray[np.bool_]
    since: float
    flat: float | None
    begin: float
    end: float
    stature: float
    fall: float

    def edges(self, floors: tuple[float, float]) -> tuple[Estimate, Estimate] | None:
        """Seconds of take-off and landing, the ankles' level before and after being `floors`; None
        where they were not seen."""
        feet = self._by_ankles(*floors)
        if feet is None:
            return None
        speed = self.fall * (feet[1] - feet[0]) / 2 / self.stature
        flying = (self.seconds >= self.begin) & (self.seconds <= self.end)
        frames = max(int(np.count_nonzero(flying)), 2)
        sampled = SAMPLING * (self.end - self.begin) / (frames - 1)
        left, met, slip = self._by_knees(floors, feet)
        head = self._by_head(floors[0], feet)
        off = np.array((SLIP, slip, sampled * speed))
        sigma = float(np.sqrt(off @ off)) / speed
        # where ankles slip, what is seen of heels and knees is less sure as well
        rise, meet = (
            float(np.hypot(heel, slip / 2)) / speed for heel in (HEEL_SPREAD, LANDING_SPREAD)
        )
        return (
            mean(*filter(None, (Estimate(feet[0], sigma), left, head))) + Estimate(0.0, rise),
            mean(*filter(None, (Estimate(feet[1], sigma), met))) + Estimate(0.0, meet),
        )

    def floors(self) -> tuple[float, float] | None:
        """The ankles' level before and after the flight; one for both where only one is seen. Who
        hops keeps the heels up: the floor is where they were before the first hop."""
        far, close = REST
        spans = (
            (max(self.begin - far, self.since), self.begin - close),
            (self.end + close, self.end + far),
        )
        before, after = (self._floor(*span) for span in spans)
        first, last = (after if before is None else before), (before if after is None else after)
        if first is None or last is None:
            return None
        if self.flat is not None:
            raised = HEEL * self.stature
            first, last = (
                self.flat if 0 < self.flat - level < raised else level for level in (first, last)
            )
        return first, last

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

    def _by_knees(
        self, floors: tuple[float, float], feet: tuple[float, float]
    ) -> tuple[Estimate | None, Estimate | None, float]:
        """Take-off and landing by the knees' fall, None where it is not seen, and what ankles slip
        by in the air, a share of stature."""
        if self.knees is None:
            return None, None, 0.0
        shank, rise = self._shank(self.knees, floors[0])
        flying = (self.seconds >= self.begin) & (self.seconds <= self.end)
        path = self._path(self.knees, feet)
        if path is None:
            return None, None, 0.0
        # a bone keeps its length: what is more of it in the air, the ankle has slipped by
        slip = max(float(median((self.ankles - self.knees)[flying])) - shank, 0.0)
        before, after = (floor - shank - rise * self.stature for floor in floors)
        return (
            self._passes(path, before, -1), self._passes(path, after, 1), slip / self.stature
        )  # fmt: skip

    def _by_head(self, floor: float, feet: tuple[float, float]) -> Estimate | None:
        """Take-off by the head's fall."""
        tall = None if self.head is None else self._standing(self.head, floor, STOOPED)
        if self.head is None or tall is None:
            return None
        path = self._path(self.head, feet)
        return self._passes(path, floor - tall - TALLER * self.stature, -1)

    def _path(self, heights: Floats, feet: tuple[float, float]) -> Parabola | None:
        """The fall of a joint; None of one that does not fall with the body, as of flung limbs."""
        noise = NOISE * self.stature
        path = parabola(self.seconds, heights, *feet, noise=noise)
        if path is None or not path.falls_as(self.fall):
            return None
        return parabola(self.seconds, heights, *feet, self.fall, noise)

    def _shank(self, knees: Floats, floor: float) -> tuple[float, float]:
        """How far the knees are over the ankles on straight legs, and what they rise by from there
        until take-off, as a share of stature: of the standing subject, else of the straightest
        legs in sight, the 90th percentile."""
        standing = self._standing(knees, floor, CROUCHED)
        if standing is None:
            return float(np.quantile(self.ankles - knees, 0.9)), HEEL
        return standing, HEEL + STRAIGHTENS

    def _standing(self, heights: Floats, floor: float, least: float) -> float | None:
        """How far `heights` are over the ankles of the subject who stands, its feet on the `floor`,
        and these by the `least` share of the most at least; None where that was not seen for long
        enough."""
        over = self.ankles - heights
        flat = np.abs(self.ankles - floor) < STEADY * self.stature
        if not flat.any():
            return None
        stands = self.stands & flat & (over > least * np.quantile(over[flat], 0.9))
        stands &= self.seconds < self.begin - ROLL
        long_enough = np.count_nonzero(stands) * float(median(np.diff(self.seconds))) >= STANDING
        return float(median(over[stands])) if long_enough else None

    def _passes(self, path: Parabola | None, level: float, step: int) -> Estimate | None:
        """When a fall passes the height `level` on its way up (`step` -1) or down (1); None where
        there is no fall, or it does not."""
        if path is None or level <= path.top:
            return None
        away = float(np.sqrt(2 * (level - path.top) / path.fall))
        when = path.apex + step * away
        off = float(np.hypot(SLIP * self.stature, path.sigma(when)))
        return Estimate(when, off / (path.fall * away))


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
