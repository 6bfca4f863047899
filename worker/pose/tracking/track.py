"""One person over time: where, how fast, and whether it moves in its place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import SURE
from worker.pose.geometry.boxes import Boxes, area, closeness
from worker.pose.tracking.subject_movement import LOOK_S, LOOKS, WALKS, movement, places

CONFIRMED = 2
"""Detections beside the subject from which a track is somebody else, and no flicker."""
KNOWN = 5
"""Sure detections, a second of them, from which a track counts as one of the people; half of all
must be sure, as machines and mirrors are taken for somebody now and then."""
PULL = 0.7
"""Share of a velocity's error that a detection corrects: the steady gain of a Kalman filter of
constant velocity with accelerations of 2 heights a second squared, edges that are detected to 0.05
heights, and a keyframe every 0.2 s."""
LINK = 0.15
"""Least closeness of two boxes of one track."""
WITHIN = 0.8
"""Share of a box inside of another from which it is a part of that one."""
MOVES_S = 4.0
"""Time constant of what is remembered of a box's changes: about two reps."""
MOVES = 0.12
"""Relative change of size and height (standard deviation) of who surely exercises; a box of who
stands still varies by 0.03, a squat's by 0.2."""
SETTLED_S = 2.0
"""Age from which a track's movement counts: a rep's time."""


@dataclass
class Track:
    """One person. `weight` is faded seconds of size x centrality x score, times its movement.

    `box` is where it was last, in pixels, `pace` how much its edges move a second; `seen_s` when it
    was last detected or followed by its pose, `detected_s` only the former; `first_box` where it
    began, `detected_area` how large its last detection was; `means` and `variances` are faded ones
    of its width and height (logarithms) and its middle's height in heights; `looks` are the places
    of its joints when they were last looked at, the latest at `looked_s`.
    """

    id: int
    box: list[float]
    born_s: float
    first_box: list[float]
    seen_s: float = 0.0
    detected_s: float = 0.0
    detected_area: float = 0.0
    pace: list[float] = field(default_factory=lambda: [0.0] * 4)
    weight: float = 0.0
    hits: int = 0
    sure: int = 0
    means: list[float] = field(default_factory=list)
    variances: list[float] = field(default_factory=lambda: [0.0] * 3)
    looks: list[list[int]] = field(default_factory=list)
    looked_s: float = -LOOK_S

    def gain(self, box: Boxes, time_s: float) -> float:
        """How likely a detection is of this track, 0-1: near where it was or where it goes."""
        near = max(closeness(self.array(), box), closeness(self.expected(time_s), box))
        return near if near >= LINK else 0.0

    def expected(self, time_s: float) -> Boxes:
        """The box [4] at a time: who walks across goes on behind others."""
        ahead = time_s - self.seen_s
        left, top, right, bottom = self.pace
        # in front of each other two are detected as one: an edge that leaps by itself is no walk
        walk = min(left, right, key=abs) if left * right > 0 else 0.0
        pace = np.array([walk, top, walk, bottom], np.float32)
        return self.array() + pace * np.float32(ahead)

    def take(self, box: Boxes, score: float, time_s: float) -> None:
        """It was detected in `box` [4]."""
        step = time_s - self.seen_s
        if self.means and step > 0:
            pull = PULL if any(self.pace) else 1.0
            missed = box - self.array() - np.array(self.pace, np.float32) * np.float32(step)
            self.pace = [
                pace + pull * float(off) / step for pace, off in zip(self.pace, missed, strict=True)
            ]
        self._remember(box, time_s - self.detected_s)
        self.follow(box, time_s)
        self.detected_s, self.detected_area = time_s, float(area(box))
        self.sure += score >= SURE

    def follow(self, box: Boxes, time_s: float) -> None:
        """Its pose was seen in `box` [4]."""
        self.box, self.seen_s = [float(value) for value in box], time_s

    def look(self, pose: NDArray[np.float32]) -> None:
        """Its joints [17, 3], x and y in pixels, were found in the box it was just detected in."""
        self.looks = [*self._recent(), places(pose)][-LOOKS:]
        self.looked_s = self.detected_s

    def _recent(self) -> list[list[int]]:
        return self.looks if self.seen_s - self.looked_s <= MOVES_S else []

    def _remember(self, box: Boxes, step: float) -> None:
        width, height = (max(float(side), 1.0) for side in box[2:] - box[:2])
        now = [math.log(width), math.log(height), float(box[1] + box[3]) / 2 / height]
        self.means = self.means or now
        share = 1 - math.exp(-step / MOVES_S)
        for n, value in enumerate(now):
            off = value - self.means[n]
            self.means[n] += share * off
            self.variances[n] = (1 - share) * (self.variances[n] + share * off * off)

    def array(self) -> Boxes:
        """The last box as float32 [4]."""
        return np.array(self.box, np.float32)

    @property
    def confirmed(self) -> bool:
        """Whether it was detected often enough to be somebody."""
        return self.hits >= CONFIRMED

    @property
    def known(self) -> bool:
        """Whether it is surely a person."""
        return self.sure >= max(KNOWN, self.hits / 2)

    @property
    def look_due(self) -> bool:
        """Whether its joints have not been looked at for a while."""
        return self.detected_s - self.looked_s >= LOOK_S

    @property
    def exercise(self) -> float:
        """From 0 to 1, how surely it moves without going anywhere: by its joints, or where they
        were not looked at by its boxes."""
        if self.seen_s - self.born_s < SETTLED_S:
            return 0.0
        left, top, right, bottom = self.box
        by_joints = movement(self._recent(), max(right - left, bottom - top, 1.0))
        if by_joints is not None:
            return by_joints
        walk = abs(self.pace[0] + self.pace[2]) / 2 / max(bottom - top, 1.0)
        return 0.0 if walk > WALKS else min(1.0, math.sqrt(sum(self.variances)) / MOVES)
