"""Which of the people in the picture the job is about.

Detections of neighbouring keyframes are assigned to tracks; the subject is the track that
exercises, of several or none the one that was largest and most central for longest. Everything
needed to go on is in plain numbers, so that a worker that takes over a job goes on exactly as the
first one would have.

Who is meant is decided from what was seen so far. At a clip's beginning that is nothing: what is
found out in its first seconds is given in as a `head_start`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes, area, around, closeness, covered, iou
from worker.pose.tracking.assignment import assign
from worker.pose.tracking.subject_movement import LOOK_S
from worker.pose.tracking.track import Track

FORGET_S = 2.5
"""A track unseen for this long is gone; a subject is waited for that long."""
FADE_S = 8.0
"""Time constant in which what a track once weighed loses its say."""
BESIDE = 0.5
"""Share of one of two boxes within the other under which they are two people."""
WITHIN = 0.8
"""The same from which one is of a part of who is in the other."""
CHOICE = "choice"
"""Where a state says whom the job asks for."""
ALIKE = 0.5
"""Closeness from which two boxes, one after the other, are surely of one person; overlap (IoU)
under which the later one may be of a part of it or of somebody else."""
TAKEOVER = 2.5
"""A challenger must outweigh a visible subject this many times: passers-by do not."""
EXERCISE = 9.0
"""Who surely exercises weighs one and this many times what size and place give."""
COMPARABLE = 0.25
"""Share of the largest person's area under which somebody is background."""
PRESENT = 0.22
"""Mean keypoint score under which nobody is taken to be there."""
BODY = 1.2
"""A body's box over that of its joints (medians of 14,000 poses of the bench: 1.24 of the widths,
1.21 of the heights)."""
SHRINKS = 0.4
"""Least share of its detected area that a followed subject's box has; who squats keeps 0.5."""

Pose = NDArray[np.float32]
PoseOf = Callable[[Boxes], Pose]
"""Estimates the joints [17, 3] of who is in a box [4] of the picture at hand, all in pixels."""
Choice = Literal["auto", "largest", "left", "centre", "right"] | tuple[float, float]
"""Whom a job asks for: by name, or by a point (0-1) of the first picture that shows it."""
_SIDES = {"left": 0.0, "centre": 0.5, "right": 1.0}


def choice_of(subject: str) -> Choice:
    """The choice that a job's option `subject` makes."""
    if subject in ("auto", "largest", *_SIDES):
        return cast(Choice, subject)
    x, y = subject.split(",")
    return float(x), float(y)


@dataclass
class SubjectTracker:
    """Assigns detections and says which box is the subject's; `width`, `height` of the picture;
    `people` is how many were seen at once, at most; `opening` the box in which the first subject
    began; `second_looks` counts detections that were weighed against the pose in the last box."""

    width: int
    height: int
    tracks: list[Track] = field(default_factory=list)
    subject: int | None = None
    next_id: int = 1
    last_s: float | None = None
    view: list[int] = field(default_factory=list)
    choice: Choice = "auto"
    people: int = 0
    opening: list[float] = field(default_factory=list)
    second_looks: int = 0

    def update(
        self, found: Detections, time_s: float, pose_of: PoseOf | None = None, *, cut: bool = False
    ) -> Boxes | None:
        """The subject's box float32 [4] in pixels at this keyframe, None where it is not seen; with
        `cut` the picture is of another shot than the one before."""
        before, self.last_s = self.last_s, time_s
        step = 1 / 30 if before is None else max(1 / 30, time_s - before)
        if cut and len(found):  # a picture that went dark is no other shot
            self.tracks = [track for track in self.tracks if _found_again(track, found)]
        poses = self._rivals_poses(found, time_s, pose_of)
        owners = self._owners(found, poses, time_s)
        subject = self.subject_track()
        if subject and pose_of:
            self._take_filled(subject, found, owners, pose_of)
            if before is not None and subject.seen_s >= before and not cut:
                self._weigh(subject, found, owners, time_s, pose_of)
        self._begin(found, owners, time_s)
        for track in self.tracks:
            track.weight *= math.exp(-step / FADE_S)
        for row, track in owners.items():
            track.take(found.boxes[row], float(found.scores[row]), time_s)
            track.weight += step * self._worth(found, row, track)
            if row in poses and (track.known or track is subject):
                track.look(poses[row])
        self.tracks = [track for track in self.tracks if self._stays(track, time_s)]
        self._choose()
        seen = sum(track.known and track.detected_s == time_s for track in self.tracks)
        self.people = max(self.people, seen, int(bool(self.tracks)))
        chosen = self.subject_track()
        return chosen.array() if chosen and chosen.seen_s == time_s else None

    def follow(self, box: Boxes, time_s: float) -> None:
        """The subject was seen at `box` by its pose where the detector was blind."""
        chosen = self.subject_track()
        if chosen:
            chosen.follow(box, time_s)

    def last_box(self) -> Boxes | None:
        """Where the subject was last seen, while it is still waited for."""
        chosen = self.subject_track()
        return chosen.array() if chosen else None

    def subject_track(self) -> Track | None:
        """The track of who the job is about, None where there is nobody."""
        return next((track for track in self.tracks if track.id == self.subject), None)

    def state(self) -> dict[str, Any]:
        """All of it as JSON-encodable numbers."""
        state = asdict(self)
        return {name: state[name] for name in _KEPT}

    @classmethod
    def restore(cls, width: int, height: int, state: dict[str, Any]) -> SubjectTracker:
        """The tracker as it was when `state` was taken."""
        kept = deepcopy({name: state[name] for name in _KEPT if name in state})
        tracks, choice = kept.pop("tracks", []), kept.pop(CHOICE, "auto")
        choice = tuple(choice) if isinstance(choice, list) else choice
        if any(not isinstance(track, dict) or track.keys() != _TRACK for track in tracks):
            tracks, kept = [], {}  # a worker of before left them in another form: looked for anew
        return cls(width, height, [Track(**track) for track in tracks], choice=choice, **kept)

    def _rivals_poses(
        self, found: Detections, time_s: float, pose_of: PoseOf | None
    ) -> dict[int, Pose]:
        """The poses in those detections that may be meant, where there is a choice: they tell who
        is who, and who exercises."""
        known = [track for track in self.tracks if track.known or track.id == self.subject]
        due = any(time_s - track.looked_s >= LOOK_S for track in known)
        if pose_of is None or self.choice != "auto" or len(known) < 2 or not due:
            return {}
        rows = [
            row
            for row, box in enumerate(found.boxes)
            if not _background(box, found)
            and any(track.likeness(box, None, time_s) for track in known)
        ]
        return {row: pose_of(found.boxes[row]) for row in rows} if len(rows) > 1 else {}

    def _owners(self, found: Detections, poses: dict[int, Pose], time_s: float) -> dict[int, Track]:
        """Whose each detection is, by row: first of who is confirmed, then of the others."""
        owners: dict[int, Track] = {}
        for confirmed in (True, False):
            tracks = [track for track in self.tracks if track.confirmed == confirmed]
            free = [row for row in range(len(found)) if row not in owners]
            gains = [
                [track.likeness(found.boxes[row], poses.get(row), time_s) for row in free]
                for track in tracks
            ]
            pairs = assign(np.array(gains, float).reshape(len(tracks), len(free)))
            owners |= {free[column]: tracks[place] for place, column in pairs}
        return owners

    def _take_filled(
        self, subject: Track, found: Detections, owners: dict[int, Track], pose_of: PoseOf
    ) -> None:
        """Of several detections of the subject it takes the one that the joints in it fill."""
        rows = [row for row, track in owners.items() if track is subject]
        same = rows + [
            row
            for row, box in enumerate(found.boxes)
            if rows and row not in owners and _overlap(box, found.boxes[rows[0]]) >= WITHIN
        ]
        if len(same) > 1:
            largest = max(same, key=lambda row: float(area(found.boxes[row])))
            body = around(pose_of(found.boxes[largest]), margin=BODY)
            if body is not None:
                filled = max(same, key=lambda row: float(iou(body, found.boxes[row][None])[0]))
                owners[filled] = owners.pop(rows[0])

    def _weigh(
        self,
        subject: Track,
        found: Detections,
        owners: dict[int, Track],
        time_s: float,
        pose_of: PoseOf,
    ) -> None:
        """Where the subject's detection is missing, or may be of a part of it or of somebody else,
        it is followed by the pose where it was, unless that in the detection is as sure."""
        row = next((row for row, track in owners.items() if track is subject), None)
        box = None if row is None else found.boxes[row]
        last = subject.array()
        if box is not None and float(iou(box, last[None])[0]) >= ALIKE:
            return
        self.second_looks += 1
        pose = pose_of(last)
        score = float(pose[:, 2].mean())
        body = around(pose, margin=BODY) if score >= PRESENT else None
        if body is None or float(area(body)) < SHRINKS * subject.detected_area:
            return
        if row is None or score > pose_of(found.boxes[row])[:, 2].mean():
            if row is not None:
                del owners[row]
            subject.follow(body, time_s)

    def _begin(self, found: Detections, owners: dict[int, Track], time_s: float) -> None:
        """Who is detected and is nobody known begins a track, but for a part of the subject or of a
        larger detection: a detector now and then finds somebody's legs or chest too."""
        subject, sizes = self.last_box(), area(found.boxes)
        for row, box in enumerate(found.boxes):
            whole = found.boxes[(sizes > sizes[row])]
            part = any(covered(box, larger) >= BESIDE for larger in whole)
            if row in owners or part or (subject is not None and _overlap(box, subject) >= BESIDE):
                continue
            corners = [float(value) for value in box]
            owners[row] = Track(self.next_id, corners, time_s, corners)
            self.tracks.append(owners[row])
            self.next_id += 1

    def _stays(self, track: Track, time_s: float) -> bool:
        waits = FORGET_S if track.confirmed or track.id == self.subject else 0.0
        return time_s - track.seen_s <= waits

    def _worth(self, found: Detections, row: int, track: Track) -> float:
        box = found.boxes[row]
        size = float(area(box)) / (self.width * self.height)
        if self.choice == "largest":
            return size
        aside = float(box[0] + box[2]) / self.width - 1
        plain = math.sqrt(size) * max(0.1, 1 - aside * aside) * float(found.scores[row])
        return plain if _background(box, found) else plain * (1 + EXERCISE * track.exercise)

    def _choose(self) -> None:
        people = [track for track in self.tracks if track.confirmed] or self.tracks
        chosen = self.subject_track() or (self._preferred(people) if people else None)
        if chosen and self.choice in ("auto", "largest"):
            heaviest = _heaviest(people)
            chosen = heaviest if heaviest.weight > TAKEOVER * chosen.weight else chosen
        self.subject = chosen.id if chosen else None
        self.opening = self.opening or (chosen.first_box if chosen else [])

    def _preferred(self, people: Sequence[Track]) -> Track:
        """Whom the job asks for, of who is large enough to be meant; of no preference the
        heaviest."""
        choice = self.choice
        if isinstance(choice, tuple):
            x, y = choice[0] * self.width, choice[1] * self.height
            return min(people, key=lambda track: (_distance(track.array(), x, y), track.id))
        largest = max(float(area(track.array())) for track in people)
        near = [t for t in people if float(area(t.array())) >= COMPARABLE * largest]
        if choice in _SIDES:
            x = 2 * _SIDES[choice] * self.width
            return min(near, key=lambda track: (abs(track.box[0] + track.box[2] - x), track.id))
        return _heaviest(people)


_TRACK = {each.name for each in fields(Track)}
_KEPT = [each.name for each in fields(SubjectTracker)][2:-1]


def _heaviest(people: Sequence[Track]) -> Track:
    return max(people, key=lambda track: (track.weight, -track.id))


def _found_again(track: Track, found: Detections) -> bool:
    """Whether somebody behind what looks like a cut is where the track was: then it was none."""
    return any(closeness(track.array(), box) >= ALIKE for box in found.boxes)


def _background(box: Boxes, found: Detections) -> bool:
    return float(area(box)) < COMPARABLE * float(area(found.boxes).max())


def _overlap(box: Boxes, other: Boxes) -> float:
    """Share of the smaller of two boxes [4] that lies within the other."""
    return max(covered(box, other), covered(other, box))


def _distance(box: Boxes, x: float, y: float) -> float:
    """Of a point from a box, in its heights; the nearer its middle the less, inside of it."""
    outside = max(box[0] - x, x - box[2], 0.0) + max(box[1] - y, y - box[3], 0.0)
    middle = math.hypot(float(box[0] + box[2]) / 2 - x, float(box[1] + box[3]) / 2 - y)
    return float(outside) * 10 + middle
