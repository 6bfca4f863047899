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

from worker.pose.detectors.nanodet import SURE, Detections
from worker.pose.geometry.boxes import Boxes, area, around, closeness, covered, iou
from worker.pose.tracking.assignment import assign
from worker.pose.tracking.subject_movement import LOOK_S
from worker.pose.tracking.track import Pose, Sighting, Track

FORGET_S = 2.5
"""A track unseen for this long is gone; a subject is waited for that long."""
FADE_S = 8.0
"""Time constant in which what a track once weighed loses its say."""
BESIDE = 0.5
"""Share of one of two boxes within the other under which they are two people."""
WITHIN = 0.8
"""The same from which both are of one person; at BESIDE a drawing took the place of who trained."""
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
"""Mean keypoint score under which nobody is taken to be there: of 173 boxes of background on the
bench 99.4 % have less, of 221 sure people 1.4 %."""
BODY = 1.2
"""A body's box over that of its joints (medians of 14,000 poses of the bench: 1.24 of the widths,
1.21 of the heights)."""
SHRINKS = 0.4
"""Least share of its detected area that a followed subject's box has; who squats keeps 0.5."""

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
        sizes = area(found.boxes).tolist()
        seen = [*map(Sighting, found.boxes, found.scores.tolist(), sizes)]
        if cut and seen:  # a picture that went dark is no other shot
            self.tracks = [track for track in self.tracks if _found_again(track, seen)]
        for track in self.tracks:
            track.weight *= math.exp(-step / FADE_S)
        if pose_of and self.choice == "auto":
            self._pose_rivals(seen, time_s, pose_of)
        owned = self._assigned(seen, time_s)
        subject = self.subject_track()
        if subject and pose_of:
            self._take_filled(subject, seen, owned, pose_of)
            if before is not None and subject.seen_s >= before and not cut:
                self._weigh(subject, owned, time_s, pose_of)
        self._begin(seen, owned, time_s)
        largest = max(sizes, default=0.0)
        for track in self.tracks:
            if (one := owned.get(track.id)) is not None:
                track.take(one, time_s)
                track.weight += step * self._worth(track, largest)
                if one.pose is not None and (track.known or track is subject):
                    track.look(one.pose)
        self.tracks = [track for track in self.tracks if self._stays(track, time_s)]
        self._choose()
        known = sum(track.known and track.detected_s == time_s for track in self.tracks)
        self.people = max(self.people, known, int(bool(self.tracks)))
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

    def _pose_rivals(self, seen: list[Sighting], time_s: float, pose_of: PoseOf) -> None:
        """Estimates the poses of who may be meant, where there is a choice and it is time: they
        tell who is who, and who exercises."""
        known = [track for track in self.tracks if track.known or track.id == self.subject]
        if len(known) < 2 or all(time_s - track.looked_s < LOOK_S for track in known):
            return
        least = COMPARABLE * max((one.area for one in seen), default=0.0)
        rivals = [
            one
            for one in seen
            if one.area >= least and any(track.likeness(one, time_s) for track in known)
        ]
        for one in rivals if len(rivals) > 1 else ():
            one.pose = pose_of(one.box)

    def _assigned(self, seen: list[Sighting], time_s: float) -> dict[int, Sighting]:
        """Who was seen where, by track: first who is confirmed, then the others."""
        owned: dict[int, Sighting] = {}
        for confirmed in (True, False):
            tracks = [track for track in self.tracks if track.confirmed == confirmed]
            free = _free(seen, owned)
            gains = [[track.likeness(one, time_s) for one in free] for track in tracks]
            pairs = assign(np.array(gains, float).reshape(len(tracks), len(free)))
            owned |= {tracks[row].id: free[column] for row, column in pairs}
        return owned

    def _take_filled(
        self, subject: Track, seen: list[Sighting], owned: dict[int, Sighting], pose_of: PoseOf
    ) -> None:
        """Of several detections of the subject it has the one that the joints in it fill."""
        own = owned.get(subject.id)
        if own is None:
            return
        again = [one for one in _free(seen, owned) if _overlap(one.box, own.box) >= WITHIN]
        if again:
            same = [own, *again]
            body = around(pose_of(max(same, key=lambda one: one.area).box), margin=BODY)
            if body is not None:
                owned[subject.id] = max(same, key=lambda one: float(iou(body, one.box[None])[0]))

    def _weigh(
        self, subject: Track, owned: dict[int, Sighting], time_s: float, pose_of: PoseOf
    ) -> None:
        """Where the subject's detection is missing, or may be of a part of it or of somebody else,
        it is followed by the pose where it was, unless that in the detection is surer. A sure
        detection of all of where it was is no doubt: a box that closes in would outlive it."""
        own, last = owned.get(subject.id), subject.array()
        if own is not None:
            whole = own.score >= SURE and covered(last, own.box) >= WITHIN
            if whole or float(iou(own.box, last[None])[0]) >= ALIKE:
                return
        self.second_looks += 1
        pose = pose_of(last)
        score = float(pose[:, 2].mean())
        body = around(pose, margin=BODY) if score >= PRESENT else None
        if body is None or float(area(body)) < SHRINKS * subject.detected_area:
            return
        if own is None or score > pose_of(own.box)[:, 2].mean():
            owned.pop(subject.id, None)
            subject.follow(body, time_s)

    def _begin(self, seen: list[Sighting], owned: dict[int, Sighting], time_s: float) -> None:
        """Who is detected and is nobody known begins a track, but for a part of the subject or of a
        larger detection: a detector now and then finds somebody's legs or chest too."""
        subject = self.last_box()
        for one in _free(seen, owned):
            wholes = [other.box for other in seen if other.area > one.area]
            part = any(covered(one.box, whole) >= BESIDE for whole in wholes)
            if not part and (subject is None or _overlap(one.box, subject) < BESIDE):
                corners = [float(value) for value in one.box]
                self.tracks.append(Track(self.next_id, corners, time_s, corners))
                owned[self.next_id] = one
                self.next_id += 1

    def _stays(self, track: Track, time_s: float) -> bool:
        waits = FORGET_S if track.confirmed or track.id == self.subject else 0.0
        return time_s - track.seen_s <= waits

    def _worth(self, track: Track, largest: float) -> float:
        """By which a track's weight grows a second, where the `largest` detection is so large."""
        size = track.detected_area / (self.width * self.height)
        if self.choice == "largest":
            return size
        aside = (track.box[0] + track.box[2]) / self.width - 1
        plain = math.sqrt(size) * max(0.1, 1 - aside * aside) * track.score
        background = track.detected_area < COMPARABLE * largest
        return plain if background else plain * (1 + EXERCISE * track.exercise)

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


def _free(seen: list[Sighting], owned: dict[int, Sighting]) -> list[Sighting]:
    return [one for one in seen if not any(one is other for other in owned.values())]


def _found_again(track: Track, seen: list[Sighting]) -> bool:
    """Whether somebody behind what looks like a cut is where the track was: then it was none."""
    return any(closeness(track.array(), one.box) >= ALIKE for one in seen)


def _overlap(box: Boxes, other: Boxes) -> float:
    """Share of the smaller of two boxes [4] that lies within the other."""
    return max(covered(box, other), covered(other, box))


def _distance(box: Boxes, x: float, y: float) -> float:
    """Of a point from a box, in its heights; the nearer its middle the less, inside of it."""
    outside = max(box[0] - x, x - box[2], 0.0) + max(box[1] - y, y - box[3], 0.0)
    middle = math.hypot(float(box[0] + box[2]) / 2 - x, float(box[1] + box[3]) / 2 - y)
    return float(outside) * 10 + middle
