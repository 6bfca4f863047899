"""One person over time, as boxes tell: where, for how long, and whether it moves in its place."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from worker.pose.geometry.boxes import Boxes, area, closeness
from worker.pose.tracking.box_motion import BoxMotion

CONFIRMED = 2
"""Detections from which a track is somebody, not a flicker."""
STALE_S = 1.0
"""Time constant in which an unseen track loses its claim to a box: a detection that was doubled
once must not take the next one from the track that was there all along."""
MOVES_S = 4.0
"""Time constant of what is remembered of a box's changes: about two reps."""
MOVES = 0.12
"""Relative change of size and height (standard deviation) of who surely exercises; a box of who
stands still varies by 0.03, a squat's by 0.2."""
STEADY = 0.5
"""Least closeness of two boxes, one after the other, of a movement."""
SETTLED_S = 2.0
"""Age from which a track's movement counts: a rep's time."""
WALKS = 0.3
"""Heights a second sideways, on average, of who goes through the picture."""


@dataclass
class Activity:
    """Faded means and variances of a box's width and height (logarithms) and its middle's height in
    heights."""

    means: list[float] = field(default_factory=list)
    variances: list[float] = field(default_factory=lambda: [0.0] * 3)

    def add(self, box: Boxes, step: float) -> None:
        """The box [4] `step` seconds after the one before."""
        width, height = (max(float(side), 1.0) for side in box[2:] - box[:2])
        now = [math.log(width), math.log(height), float(box[1] + box[3]) / 2 / height]
        if not self.means:
            self.means = now
            return
        share = 1 - math.exp(-step / MOVES_S)
        for n, value in enumerate(now):
            off = value - self.means[n]
            self.means[n] += share * off
            self.variances[n] = (1 - share) * (self.variances[n] + share * off * off)

    @property
    def amount(self) -> float:
        """How much it changes, as a standard deviation."""
        return math.sqrt(sum(self.variances))


@dataclass
class Track:
    """One person. `weight` is faded seconds of size x centrality x score, times its movement.

    `seen_s` is when it was last detected or followed by its pose, `detected_s` only the former;
    `other`: it is known not to be the subject, beside whom it was seen, or elsewhere it began;
    `first_box` is where it began, `detected_area` how large its last detection was, in pixels.
    """

    id: int
    box: list[float]
    motion: BoxMotion
    born_s: float
    seen_s: float
    detected_s: float
    first_box: list[float]
    detected_area: float
    weight: float = 0.0
    hits: int = 1
    other: bool = False
    activity: Activity = field(default_factory=Activity)

    @classmethod
    def begin(cls, number: int, box: Boxes, time_s: float) -> Track:
        """The track of who was detected in `box` [4] for the first time."""
        place = [float(value) for value in box]
        motion = BoxMotion.of(box, time_s)
        track = cls(number, place, motion, time_s, time_s, time_s, place, float(area(box)))
        track.activity.add(box, 0.0)
        return track

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Track:
        """The track as `state` has it."""
        values = deepcopy(state)  # a state is another's too
        values["motion"] = BoxMotion(**values["motion"])
        values["activity"] = Activity(**values["activity"])
        return cls(**values)

    def state(self) -> dict[str, Any]:
        """All of it as JSON-encodable numbers."""
        return asdict(self)

    def near(self, box: Boxes, time_s: float) -> float:
        """How close `box` is to where it was or where it goes: who walks across goes on behind
        others."""
        return max(closeness(self.array(), box), closeness(self.motion.expected(time_s), box))

    def fresh(self, time_s: float) -> float:
        """1 where it was just seen, less the longer that is ago."""
        return math.exp((self.seen_s - time_s) / STALE_S)

    def take(self, box: Boxes, time_s: float) -> None:
        """It was detected in `box` [4]."""
        self.follow(box, time_s)
        self.detected_s, self.detected_area = time_s, float(area(box))
        self.hits += 1

    def follow(self, box: Boxes, time_s: float) -> None:
        """Its pose was seen in `box` [4]."""
        # what leaps from the whole of somebody to a part is a detector's doubt, no movement
        if closeness(self.array(), box) >= STEADY:
            self.activity.add(box, time_s - self.seen_s)
        self.motion.correct(box, time_s)
        self.box, self.seen_s = [float(value) for value in box], time_s

    def array(self) -> Boxes:
        """The last box as float32 [4]."""
        return np.array(self.box, np.float32)

    @property
    def confirmed(self) -> bool:
        """Whether it was detected often enough to be somebody."""
        return self.hits >= CONFIRMED

    @property
    def exercise(self) -> float:
        """From 0 to 1, how surely it moves without going anywhere."""
        if self.motion.walk > WALKS or self.seen_s - self.born_s < SETTLED_S:
            return 0.0
        return min(1.0, self.activity.amount / MOVES)
