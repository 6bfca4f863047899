"""One jump measured: its flight, its height, or the reason why it is none."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from worker.exercises.model import JumpExercise
from worker.motion.features.anthropometry import GRAVITY
from worker.motion.features.order_statistics import median
from worker.motion.jumps.calibration import SWAY
from worker.motion.jumps.edges import REST, STANDING, STOOD, Tracks
from worker.motion.jumps.estimate import Estimate
from worker.motion.jumps.flight import SIZED, pace
from worker.motion.jumps.height import Flight, Jump, Subject, hip_path, judged
from worker.motion.jumps.signals import Rows

GAP = 0.17
"""Longest time in seconds without a pose within a flight that can be measured."""

SLOW, FAST = 0.45, 2.2
"""Pace of a fall (see `worker.motion.jumps.flight.pace`) below which it is filmed in slow motion,
half as fast being 0.25, and above which it is none. Who is 2.1 metres tall and taken for 1.7 falls
at 0.8, a child of 1.1 metres at 1.6."""

LEAST = 3
"""Frames of a flight at least. Around its top a hop at 20 frames a second hardly moves: where fewer
would be left, none is taken for a repetition of the one before."""

FEW = 6
"""Frames of a flight below which its fall cannot be told."""

SAME = 0.2
"""Most difference of two measures of the stature in one picture, as a share: either is known to
8 %, and bent legs look shorter; beyond a cut it is another."""

UPRIGHT = 0.3
"""Least share of a flight in slow motion with a stretched, vertical body: a push-up is as slow."""


@dataclass
class Before:
    """What the jumps before tell of one: the seconds of the last landing, the ankles' level on the
    floor before that jump, the subject's stature then, and the paces of the last falls, for what is
    filmed in slow motion stays so."""

    landing: float = -1e9
    floor: float = 0.0
    stature: float = 0.0
    paces: deque[float] = field(default_factory=lambda: deque(maxlen=3))

    def floor_of(self, takeoff: float, stature: float) -> float | None:
        """The ankles' level where a series of hops began that goes on with this take-off, in the
        same picture."""
        goes_on = takeoff - self.landing <= REST[0]
        return self.floor if goes_on and abs(stature - self.stature) < SAME * stature else None

    def is_slow(self, found: float | None) -> bool:
        """Whether a fall at the pace `found` (None where it could not be told) is slow motion."""
        if found is not None:
            self.paces.append(found)
        return bool(self.paces) and float(np.median(self.paces)) < SLOW


def measured(
    exercise: JumpExercise, rows: Rows, begin: float, end: float, before: Before, subject: Subject
) -> Jump | str:
    """The jump that left the floor near `begin` and met it near `end` seconds, or the reason why
    it is discarded; `before` is what is known from the jumps before it."""
    around = rows.between(begin - 0.1, end + 0.1)
    inside = around.between(begin, end)
    if len(inside) < LEAST or float(np.diff(around.seconds).max()) > GAP:
        return "tracking_lost"
    near = rows.between(begin - STOOD, end + REST[0])
    distinct = near.distinct()
    if len(distinct.between(begin, end)) >= LEAST:
        near = distinct
    scores = median(inside.joints[..., 2])
    stature = float(median(inside.size))
    fall = GRAVITY * stature / subject.metres
    ankles = near.height_of("ankle", scores)
    takeoff, landing = Estimate(begin, 0.0), Estimate(end, 0.0)
    if ankles is not None:
        # a stature that is given wrongly, and slow motion, are the same for all that falls
        body = pace(near, begin, end, scores, fall) or 1.0
        other = abs(body - 1) > 3 * SIZED
        tracks = Tracks(
            near.seconds, ankles, near.height_of("knee", scores), near.height_of("head", scores),
            near.upright & near.still(STANDING, SWAY * stature), before.landing,
            before.floor_of(begin, stature), begin, end, stature, body * fall if other else fall,
        )  # fmt: skip
        floors = tracks.floors()
        if floors is None:
            return "too_low"
        before.floor, before.stature = floors[0], stature
        found = tracks.edges(floors)
        if found is None:
            return "too_low"
        takeoff, landing = found
    span = takeoff.value, landing.value
    speed = pace(near, *span, scores, fall)
    if len(near.between(*span)) >= FEW and (speed is None or speed > FAST):
        return "no_flight_detected"
    slow = before.is_slow(speed)
    if slow and inside.upright.mean() < UPRIGHT:
        return "no_flight_detected"
    flight = None if ankles is None else Flight(takeoff, landing, slow)
    return judged(exercise, flight, hip_path(near, *span, scores, subject), subject)
