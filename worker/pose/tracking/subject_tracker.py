"""Which of the people in the picture the job is about.

Detections of neighbouring keyframes are linked into tracks; the subject is the track that was
largest and most central for longest. Everything needed to go on is in plain numbers, so that a
worker that takes over a job goes on exactly as the first one would have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes, area, closeness, covered

LINK = 0.15
"""Least closeness of two boxes of one track."""
STALE_S = 1.0
"""Time constant in which an unseen track loses its claim to a box: a detection that was doubled
once must not take the next one from the track that was there all along."""
FORGET_S = 2.5
"""A track unseen for this long is gone; a subject is waited for that long."""
FADE_S = 8.0
"""Time constant in which what a track once weighed loses its say."""
YOUNG_S = 1.0
"""How long before that a track may have begun, doubled beside the subject's own."""
SAME = 0.6
"""Share of an undetected subject's box that a new track must cover to be the same person."""
WARM = "warm"
"""Where a state carries that of an estimation that begins later."""
ALIKE = 0.5
"""Closeness from which the subjects of two states are one person."""
EDGE = 0.03
"""Shares of the picture's width from its sides within which somebody may just have come in."""
CUT_SIZE = 0.25
"""Least size after a cut, as a share of the subject's before it: distant people are not it."""
TAKEOVER = 2.5
"""A challenger must outweigh a visible subject this many times: passers-by do not."""


@dataclass
class Track:
    """One person over time; `weight` is faded seconds of size x centrality x score.

    `seen_s` is when it was last detected or followed by its pose, `detected_s` only the former;
    `pace` is pixels to the right a second; `apart`: it began elsewhere than the subject was.
    """

    id: int
    box: list[float]
    seen_s: float
    weight: float = 0.0
    born_s: float = 0.0
    detected_s: float = 0.0
    pace: float = 0.0
    apart: bool = False

    def near(self, box: Boxes, time_s: float) -> float:
        """Closeness to `box` of where it was, or of where it is by its pace: who walks across goes
        on behind others."""
        here = self.array()
        way = self.pace * min(time_s - self.seen_s, STALE_S)
        there = here + np.array([way, 0, way, 0], np.float32)
        return max(closeness(here, box), closeness(there, box))

    def take(self, box: Boxes, time_s: float) -> None:
        """It was detected at `box`."""
        if time_s > self.seen_s:  # the box is of then: it may have been followed there
            moved = (float(box[0] + box[2]) - self.box[0] - self.box[2]) / 2
            pace = moved / (time_s - self.seen_s)
            first = self.detected_s == self.born_s
            self.pace = pace if first else (self.pace + pace) / 2
        self.box = [float(value) for value in box]
        self.seen_s = self.detected_s = time_s

    def array(self) -> Boxes:
        """The last box as float32 [4]."""
        return np.array(self.box, np.float32)


def same_subject(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two states at one moment are about the same person, or both about nobody."""
    ours, theirs = (SubjectTracker.restore(1, 1, state).last_box() for state in (one, other))
    if ours is None or theirs is None:
        return ours is theirs
    return closeness(ours, theirs) >= ALIKE


@dataclass
class SubjectTracker:
    """Links detections and says which box is the subject's; `width`, `height` of the picture."""

    width: int
    height: int
    tracks: list[Track] = field(default_factory=list)
    subject: int | None = None
    next_id: int = 1
    last_s: float | None = None
    before_cut: int | None = None

    def update(self, found: Detections, time_s: float) -> Boxes | None:
        """The subject's box float32 [4] in pixels at this keyframe, None where it is not seen."""
        step = 0.0 if self.last_s is None else max(0.0, time_s - self.last_s)
        self.last_s = time_s
        self._fade(step)
        self._link(found, time_s, max(step, 1 / 30))
        self.tracks = [t for t in self.tracks if time_s - t.seen_s <= FORGET_S]
        self._rejoin(time_s)
        self._recut(time_s)
        self._choose()
        chosen = self._subject_track()
        return chosen.array() if chosen and chosen.seen_s == time_s else None

    def follow(self, box: Boxes, time_s: float) -> None:
        """The subject was seen at `box` by its pose where the detector was blind."""
        chosen = self._subject_track()
        if chosen:
            chosen.box, chosen.seen_s = [float(v) for v in box], time_s

    def last_box(self) -> Boxes | None:
        """Where the subject was last seen, while it is still waited for."""
        chosen = self._subject_track()
        return chosen.array() if chosen else None

    def state(self) -> dict[str, Any]:
        """All of it as JSON-encodable numbers."""
        return {
            "tracks": [
                [t.id, t.box, t.seen_s, t.weight, t.born_s, t.detected_s] for t in self.tracks
            ],
            "subject": self.subject,
            "next": self.next_id,
            "last": self.last_s,
            "paces": {str(t.id): t.pace for t in self.tracks if t.pace},
            "apart": [t.id for t in self.tracks if t.apart],
            "before_cut": self.before_cut,
        }

    @classmethod
    def restore(cls, width: int, height: int, state: dict[str, Any]) -> SubjectTracker:
        """The tracker as it was when `state` was taken."""
        if not state:
            return cls(width, height)
        # a worker of before leaves neither paces nor what follows them, and reads past them
        tracks = [Track(*row) for row in state["tracks"]]
        for track in tracks:
            track.pace = state.get("paces", {}).get(str(track.id), 0.0)
            track.apart = track.id in state.get("apart", [])
        subject, number, last = state["subject"], state["next"], state["last"]
        return cls(width, height, tracks, subject, number, last, state.get("before_cut"))

    def _fade(self, step: float) -> None:
        keep = float(np.exp(-step / FADE_S))
        for track in self.tracks:
            track.weight *= keep

    def _link(self, found: Detections, time_s: float, step: float) -> None:
        pairs = [
            (near * math.exp((track.seen_s - time_s) / STALE_S), -track.weight, row, track)
            for track in self.tracks
            for row, box in enumerate(found.boxes)
            if (near := track.near(box, time_s)) >= LINK
        ]
        used: set[int] = set()
        linked: set[int] = set()
        for _, _, row, track in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
            if row in used or track.id in linked:
                continue
            used.add(row)
            linked.add(track.id)
            track.take(found.boxes[row], time_s)
            track.weight += step * self._worth(found, row)
        for row in range(len(found)):
            if row not in used:
                box = [float(value) for value in found.boxes[row]]
                weight = step * self._worth(found, row)
                new = Track(self.next_id, box, time_s, weight, time_s, time_s)
                current = self._subject_track()
                new.apart = current is not None and closeness(current.array(), new.array()) < LINK
                self.tracks.append(new)
                self.next_id += 1

    def _worth(self, found: Detections, row: int) -> float:
        box = found.boxes[row]
        size = float(area(box)) / (self.width * self.height)
        middle = (float(box[0] + box[2]) / 2 - self.width / 2) / (self.width / 2)
        central = max(0.1, 1 - middle * middle)
        return math.sqrt(size) * central * float(found.scores[row])

    def _rejoin(self, time_s: float) -> None:
        """A doubled detection or a missed link makes one person two tracks: the other one is the
        subject's where it began about when the subject was last detected, where the subject was,
        and covers it. A passer-by was there before, or came from elsewhere."""
        current = self._subject_track()
        if current is None or current.detected_s == time_s:
            return
        for track in self.tracks:
            if (
                track is not current
                and track.detected_s == time_s
                and not track.apart
                and track.born_s > current.detected_s - YOUNG_S
                and covered(current.array(), track.array()) >= SAME
            ):
                track.weight += current.weight
                self.subject = track.id
                self.tracks.remove(current)
                return

    def _recut(self, time_s: float) -> None:
        """Nobody gets into the middle of a picture unseen but by a cut: who began there when the
        subject was gone, and is there still, is the subject. One that comes back is it again."""
        left = next((track for track in self.tracks if track.id == self.before_cut), None)
        if left is None or left.seen_s == time_s:
            self.subject = self.subject if left is None else left.id
            self.before_cut = None
        current = self._subject_track()
        if current is None or self.before_cut is not None:
            return
        new = [track for track in self.tracks if self._appeared(track, current, time_s)]
        if new:
            best = max(new, key=lambda track: (track.weight, -track.id))
            self.before_cut, self.subject = current.id, best.id

    def _appeared(self, track: Track, current: Track, time_s: float) -> bool:
        margin = EDGE * self.width
        inside = margin < track.box[0] and track.box[2] < self.width - margin
        large = float(area(track.array())) > CUT_SIZE * float(area(current.array()))
        return (
            track.apart
            and current.seen_s < track.born_s < track.detected_s == time_s
            and inside
            and large
        )

    def _choose(self) -> None:
        if not self.tracks:
            self.subject = None
            return
        current = self._subject_track()
        # what was there before a cut is waited for, but does not take over
        known = [track for track in self.tracks if track.id != self.before_cut]
        best = max(known, key=lambda track: (track.weight, -track.id))
        if current is None or best.weight > TAKEOVER * current.weight:
            self.subject = best.id

    def _subject_track(self) -> Track | None:
        return next((track for track in self.tracks if track.id == self.subject), None)
