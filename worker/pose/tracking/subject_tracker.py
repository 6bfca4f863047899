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
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from worker.contract.poses import PEOPLE
from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes, area, around, closeness, covered, grow, iou
from worker.pose.tracking.assignment import assign
from worker.pose.tracking.subject_movement import LOOK_S
from worker.pose.tracking.track import Track

Pose = NDArray[np.float32]

FORGET_S = 2.5
"""A track unseen for this long is gone; a subject is waited for that long."""
FADE_S = 8.0
"""Time constant in which what a track once weighed loses its say."""
BESIDE = 0.5
"""Share of one of two boxes within the other under which they are two people."""
WITHIN = 0.8
"""The same from which they are one person's, or one is a part of it."""
CHOICE = "choice"
"""Where a state says whom the job asks for."""
ALIKE = 0.5
"""Closeness from which the subjects of two states are one person, or boxes before and after what
looks like a cut."""
TAKEOVER = 2.5
"""A challenger must outweigh a visible subject this many times: passers-by do not."""
HALF = 0.6
"""Share of a part's score that the box of the whole must have."""
EXERCISE = 9.0
"""Who surely exercises weighs one and this many times what size and place give."""
COMPARABLE = 0.25
"""Share of the largest person's area under which somebody is background."""
PRESENT = 0.22
"""Mean keypoint score under which nobody is taken to be there."""
SHRINKS = 0.4
"""Least share of its detected area that a followed subject's box has; who squats keeps 0.5."""
PART = 0.7
"""Share of the last box's area under which a detection inside of it may be of a part."""
APART = 0.4
"""Overlap (IoU) with the last box under which a detection may be of somebody else."""
SURER = 1.1
"""How much higher the mean score of a pose in the last box must be than in the detected one."""

PoseOf = Callable[[Boxes], Pose]
"""Estimates the joints [17, 3] of who is in a box [4] of the picture at hand, all in pixels."""
FIELDS = {each.name for each in fields(Track)}

Choice = Literal["auto", "largest", "left", "centre", "right"] | tuple[float, float]
"""Whom a job asks for: by name, or by a point (0-1) of the first picture that shows it."""


def choice_of(subject: str) -> Choice:
    """The choice that a job's option `subject` makes."""
    if subject in ("auto", "largest", "left", "centre", "right"):
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
        if cut and len(found):
            self._forget_unlike(found)
        for track in self.tracks:
            track.weight *= math.exp(-step / FADE_S)
        poses = self._rivals_poses(found, time_s, pose_of)
        owned = self._assigned(found, poses, time_s)
        subject = self.subject_track()
        if subject and pose_of and subject.seen_s == before and not cut:
            self._weigh(subject, found, owned, time_s, pose_of)
        for row, track in owned.items():
            self._take(track, found, row, time_s, step)
            if row in poses and (track.known or track is subject):
                track.look(poses[row])
        self._begin(found, owned, time_s, step)
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

    def state(self) -> dict[str, Any]:
        """All of it as JSON-encodable numbers."""
        return {
            "tracks": [asdict(track) for track in self.tracks],
            "subject": self.subject,
            "next": self.next_id,
            "last": self.last_s,
            "view": self.view,
            CHOICE: list(self.choice) if isinstance(self.choice, tuple) else self.choice,
            PEOPLE: self.people,
            "opening": self.opening,
        }

    @classmethod
    def restore(cls, width: int, height: int, state: dict[str, Any]) -> SubjectTracker:
        """The tracker as it was when `state` was taken."""
        choice = state.get(CHOICE, "auto")
        choice = (choice[0], choice[1]) if isinstance(choice, list) else choice
        tracks = state.get("tracks", [])
        if any(not isinstance(track, dict) or track.keys() != FIELDS for track in tracks):
            tracks, state = [], {}  # a worker of before left them in another form: looked for anew
        return cls(
            width,
            height,
            [Track(**deepcopy(track)) for track in tracks],
            state.get("subject"),
            state.get("next", 1),
            state.get("last"),
            list(state.get("view", [])),
            choice,
            state.get(PEOPLE, 0),
            state.get("opening", []),
        )

    def _forget_unlike(self, found: Detections) -> None:
        """Behind a cut only who is where somebody was before is still the same."""
        self.tracks = [
            track
            for track in self.tracks
            if any(closeness(track.array(), box) >= ALIKE for box in found.boxes)
        ]

    def _rivals_poses(
        self, found: Detections, time_s: float, pose_of: PoseOf | None
    ) -> dict[int, Pose]:
        """The poses of those detections that may be meant, where several people may: they tell who
        is who, and who exercises."""
        known = [track for track in self.tracks if track.known or track.id == self.subject]
        due = any(time_s - track.looked_s >= LOOK_S for track in known)
        if pose_of is None or self.choice != "auto" or len(known) < 2 or not due:
            return {}
        sizes = area(found.boxes)
        rows = [
            row
            for row, box in enumerate(found.boxes)
            if sizes[row] >= COMPARABLE * sizes.max()
            and any(track.likeness(box, None, time_s) for track in known)
        ]
        return {row: pose_of(found.boxes[row]) for row in rows} if len(rows) > 1 else {}

    def _assigned(
        self, found: Detections, poses: dict[int, Pose], time_s: float
    ) -> dict[int, Track]:
        """Whose each detection is, by row: first of who is confirmed, then of the others."""
        owned: dict[int, Track] = {}
        for confirmed in (True, False):
            tracks = [track for track in self.tracks if track.confirmed == confirmed]
            free = [row for row in range(len(found)) if row not in owned]
            gains = [
                [track.likeness(found.boxes[row], poses.get(row), time_s) for row in free]
                for track in tracks
            ]
            pairs = assign(np.array(gains, float).reshape(len(tracks), len(free)))
            owned |= {free[column]: tracks[place] for place, column in pairs}
        return owned

    def _weigh(
        self,
        subject: Track,
        found: Detections,
        owned: dict[int, Track],
        time_s: float,
        pose_of: PoseOf,
    ) -> None:
        """Where the subject's detection is missing, of a part of it or of somebody else, the pose
        where it was tells: unless it is as well seen in the detection, it is followed by its pose
        and nothing of the detection is learned."""
        last = subject.array()
        row = next((row for row, track in owned.items() if track is subject), None)
        box = None if row is None else found.boxes[row]
        if box is not None and not _doubtful(box, last):
            return
        self.second_looks += 1
        pose = pose_of(grow(last, 1.1))
        score = float(pose[:, 2].mean())
        other = around(pose, margin=1.2) if score >= PRESENT else None
        if other is None or float(area(other)) < SHRINKS * subject.detected_area:
            return
        if box is None or score >= SURER * pose_of(box)[:, 2].mean():
            if row is not None:
                del owned[row]
            subject.follow(other, time_s)

    def _take(self, track: Track, found: Detections, row: int, time_s: float, step: float) -> None:
        track.take(found.boxes[row], float(found.scores[row]), time_s)
        track.weight += step * self._worth(found, row, track)

    def _begin(self, found: Detections, owned: Collection[int], time_s: float, step: float) -> None:
        """Whoever is detected and nobody known is somebody new, but for a part of the subject or of
        a larger detection, or all of it: a detector now and then finds somebody's legs too."""
        subject = self.last_box()
        for row, box in enumerate(found.boxes):
            if row in owned or _is_part(row, found):
                continue
            if subject is None or max(covered(box, subject), covered(subject, box)) < BESIDE:
                corners = [float(value) for value in box]
                self.tracks.append(Track(self.next_id, corners, time_s, corners))
                self.next_id += 1
                self._take(self.tracks[-1], found, row, time_s, step)

    def _stays(self, track: Track, time_s: float) -> bool:
        if track.id == self.subject or track.confirmed:
            return time_s - track.seen_s <= FORGET_S
        return track.detected_s == time_s

    def _worth(self, found: Detections, row: int, track: Track) -> float:
        box = found.boxes[row]
        size = float(area(box)) / (self.width * self.height)
        if self.choice == "largest":
            return size
        middle = (float(box[0] + box[2]) / 2 - self.width / 2) / (self.width / 2)
        central = max(0.1, 1 - middle * middle)
        plain = math.sqrt(size) * central * float(found.scores[row])
        background = float(area(box)) < COMPARABLE * float(area(found.boxes).max())
        return plain if background else plain * (1 + EXERCISE * track.exercise)

    def _choose(self) -> None:
        people = [track for track in self.tracks if track.confirmed] or self.tracks
        current = self.subject_track()
        if not people:
            self.subject = None
            return
        best = self._preferred(people) if current is None else current
        if self.choice in ("auto", "largest"):
            heaviest = max(people, key=lambda track: (track.weight, -track.id))
            if current is None or heaviest.weight > TAKEOVER * current.weight:
                best = heaviest
        self.subject = best.id
        self.opening = self.opening or best.first_box

    def _preferred(self, people: Sequence[Track]) -> Track:
        """Whom the job asks for, of who is large enough to be meant; of no preference the
        heaviest."""
        choice = self.choice
        if isinstance(choice, tuple):
            x, y = choice[0] * self.width, choice[1] * self.height
            return min(people, key=lambda track: (_distance(track.array(), x, y), track.id))
        largest = max(float(area(track.array())) for track in people)
        near = [t for t in people if float(area(t.array())) >= COMPARABLE * largest]
        places = {
            "left": lambda track: track.box[0] + track.box[2],
            "right": lambda track: -track.box[0] - track.box[2],
            "centre": lambda track: abs(track.box[0] + track.box[2] - self.width),
        }
        if choice in places:
            return min(near, key=lambda track: (places[choice](track), track.id))
        return max(people, key=lambda track: (track.weight, -track.id))

    def subject_track(self) -> Track | None:
        """The track of who the job is about, None where there is nobody."""
        return next((track for track in self.tracks if track.id == self.subject), None)


def _doubtful(box: Boxes, last: Boxes) -> bool:
    """Whether a detection that follows that in `last` may be of a part of somebody, or of somebody
    else."""
    part = covered(box, last) >= WITHIN and float(area(box)) < PART * float(area(last))
    return part or float(iou(box, last[None])[0]) < APART


def _is_part(row: int, found: Detections) -> bool:
    """Whether a detection may be of a part of who is in a larger one."""
    sizes, scores, box = area(found.boxes), found.scores, found.boxes[row]
    return any(
        sizes[other] > sizes[row]
        and scores[other] >= HALF * scores[row]
        and covered(box, found.boxes[other]) >= WITHIN
        for other in range(len(found))
    )


def _distance(box: Boxes, x: float, y: float) -> float:
    """Of a point from a box, in its heights; the nearer its middle the less, inside of it."""
    outside = max(box[0] - x, x - box[2], 0.0) + max(box[1] - y, y - box[3], 0.0)
    middle = math.hypot(float(box[0] + box[2]) / 2 - x, float(box[1] + box[3]) / 2 - y)
    return float(outside) * 10 + middle
