"""One person over time: where, how fast, and whether it moves in its place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import SURE
from worker.pose.geometry.boxes import Boxes, closeness
from worker.pose.geometry.keypoint_similarity import similarity
from worker.pose.tracking.subject_movement import LOOK_S, LOOKS, RECENT_S, movement, places

CONFIRMED = 2
"""Detections from which a track is somebody, and no flicker."""
KNOWN = 5
"""Sure detections, a second of them, from which a track counts as one of the people; half of all
must be sure, as machines and mirrors are taken for somebody now and then."""
PULL = 0.7
"""Share of a velocity's error that a detection corrects: the steady gain of a Kalman filter of
constant velocity with accelerations of 2 heights a second squared, edges that are detected to 0.05
heights, and a keyframe every 0.2 s."""
LINK = 0.15
"""Least closeness of two boxes of one track."""

Pose = NDArray[np.float32]


@dataclass
class Sighting:
    """Somebody who was detected in `box` [4] pixels, and maybe the joints [17, 3] found there."""

    box: Boxes
    score: float
    area: float
    pose: Pose | None = None


@dataclass
class Track:
    """One person. `weight` is faded seconds of size x centrality x score, times its movement.

    `box` is where it was last, in pixels, `pace` by how much it moves right and down a second;
    `seen_s` when it was last detected or followed by its pose, `detected_s` only the former, with
    `score` and `detected_area`; `first_box` where it began; `looks` are the places of its joints
    when they were last looked at, the latest at `looked_s`.
    """

    id: int
    box: list[float]
    born_s: float
    first_box: list[float]
    seen_s: float = 0.0
    detected_s: float = 0.0
    detected_area: float = 0.0
    score: float = 0.0
    pace: list[float] = field(default_factory=lambda: [0.0, 0.0])
    weight: float = 0.0
    hits: int = 0
    sure: int = 0
    looks: list[list[int]] = field(default_factory=list)
    looked_s: float = -LOOK_S

    def likeness(self, one: Sighting, time_s: float) -> float:
        """How likely a detection is of this person, 0-1: by where it was or where it goes, and by
        how alike its pose is to the last one, where both are known."""
        near = max(closeness(box, one.box) for box in (self.array(), self.expected(time_s)))
        if near < LINK:
            return 0.0
        alike = None
        if one.pose is not None and self._recent():
            last, now = (np.reshape(look, (-1, 2)) for look in (self.looks[-1], places(one.pose)))
            alike = similarity(last.astype(float), now.astype(float), self.detected_area)
        return near if alike is None else (near + alike) / 2

    def expected(self, time_s: float) -> Boxes:
        """The box [4] at a time: who walks across goes on behind others."""
        return self.array() + np.array(self.pace * 2, np.float32) * np.float32(time_s - self.seen_s)

    def take(self, one: Sighting, time_s: float) -> None:
        """It was detected."""
        self.follow(one.box, time_s)
        self.detected_s, self.detected_area, self.score = time_s, one.area, one.score
        self.hits += 1
        self.sure += one.score >= SURE

    def follow(self, box: Boxes, time_s: float) -> None:
        """It was seen in `box` [4], by its pose."""
        step = time_s - self.seen_s
        if self.hits and step > 0:
            missed = (box - self.expected(time_s)).tolist()
            pull = PULL if any(self.pace) else 1.0
            for axis in (0, 1):
                # in front of each other two are detected as one: an edge that leaps by itself is no
                # walk
                low, high = missed[axis], missed[axis + 2]
                off = min(low, high, key=abs) if low * high > 0 else 0.0
                self.pace[axis] += pull * off / step
        self.box, self.seen_s = [float(value) for value in box], time_s

    def look(self, pose: Pose) -> None:
        """Its joints [17, 3] were found where it was just detected."""
        if self.detected_s - self.looked_s >= LOOK_S:
            self.looks = [*self._recent(), places(pose)][-LOOKS:]
            self.looked_s = self.detected_s

    def _recent(self) -> list[list[int]]:
        return self.looks if self.seen_s - self.looked_s <= RECENT_S else []

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
    def exercise(self) -> float:
        """From 0 to 1, how surely its joints move without going anywhere; 0 where they were not
        looked at."""
        left, top, right, bottom = self.box
        return movement(self._recent(), max(right - left, bottom - top, 1.0))
