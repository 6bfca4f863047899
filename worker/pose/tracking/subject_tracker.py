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
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

from worker.contract.poses import PEOPLE
from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes, area, closeness, covered
from worker.pose.tracking.track import KNOWN, WITHIN, Track

FORGET_S = 2.5
"""A track unseen for this long is gone; a subject is waited for that long."""
FADE_S = 8.0
"""Time constant in which what a track once weighed loses its say."""
BESIDE = 0.5
"""Share of one of two boxes within the other under which they are two people."""
HALF = 0.6
"""Share of a part's score that the box of the whole must have."""
CHOICE = "choice"
"""Where a state says whom the job asks for."""
ALIKE = 0.5
"""Closeness from which the subjects of two states are one person, or boxes before and after what
looks like a cut."""
TAKEOVER = 2.5
"""A challenger must outweigh a visible subject this many times: passers-by do not."""
EXERCISE = 9.0
"""Who surely exercises weighs one and this many times what size and place give."""
SHRINKS = 0.4
"""Least share of its detected area that a followed subject's box has; who squats keeps 0.5."""
COMPARABLE = 0.25
"""Share of the largest person's area under which somebody is background."""

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
    began."""

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
    _unlearned: Track | None = None

    def update(self, found: Detections, time_s: float, *, cut: bool = False) -> Boxes | None:
        """The subject's box float32 [4] in pixels at this keyframe, None where it is not seen; with
        `cut` the picture is of another shot than the one before."""
        step = 0.0 if self.last_s is None else max(0.0, time_s - self.last_s)
        self.last_s = time_s
        if cut and len(found):
            self._forget_unlike(found)
        for track in self.tracks:
            track.weight *= math.exp(-step / FADE_S)
        self._unlearned = deepcopy(self.subject_track())
        self._link(found, time_s, max(step, 1 / 30))
        self.tracks = [track for track in self.tracks if self._stays(track, time_s)]
        self._choose()
        seen = sum(track.known and track.detected_s == time_s for track in self.tracks)
        self.people = max(self.people, seen, int(bool(self.tracks)))
        chosen = self.subject_track()
        return chosen.array() if chosen and chosen.seen_s == time_s else None

    def rivals(self) -> list[Track]:
        """The subject and who was surely seen beside it, detected at this keyframe and large enough
        to be meant: their poses tell who exercises. Nobody where there is no choice."""
        seen = [
            track
            for track in self.tracks
            if track.detected_s == self.last_s and (track.sure >= KNOWN or track.id == self.subject)
        ]
        largest = max((track.detected_area for track in seen), default=0.0)
        near = [track for track in seen if track.detected_area >= COMPARABLE * largest]
        return near if len(near) > 1 and self.choice == "auto" else []

    def follow(self, box: Boxes, time_s: float) -> None:
        """The subject was seen at `box` by its pose where the detector was blind."""
        chosen = self.subject_track()
        if chosen:
            chosen.follow(box, time_s)

    def overrule(self, box: Boxes, time_s: float) -> None:
        """The subject is not where `update` found it but in `box`, by its pose: nothing of that
        detection is learned."""
        before = self._unlearned
        self.tracks = [
            before if before and track.id == before.id else track for track in self.tracks
        ]
        self.follow(box, time_s)

    def last_box(self) -> Boxes | None:
        """Where the subject was last seen, while it is still waited for."""
        chosen = self.subject_track()
        return chosen.array() if chosen else None

    def believes(self, box: Boxes) -> bool:
        """Whether the subject can be in `box` [4], by the size that it was detected with: joints
        that are looked for where others were found close in on a few of them."""
        chosen = self.subject_track()
        return chosen is not None and float(area(box)) >= SHRINKS * chosen.detected_area

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

    def _link(self, found: Detections, time_s: float, step: float) -> None:
        """Gives detections to tracks, the surest pair first: the largest sum (Kuhn) would part
        the subject from its own box for the sake of a second track that is a part of it."""
        first, free = not self.tracks, dict.fromkeys(range(len(found)))
        pairs = [
            ((track.confirmed, gain, track.weight, -row), row, track)
            for track in self.tracks
            for row, box in enumerate(found.boxes)
            if (gain := track.gain(box, time_s))
        ]
        for _, row, track in sorted(pairs, key=lambda pair: pair[0], reverse=True):
            if row in free and track.detected_s < time_s:
                del free[row]
                self._take(track, found, row, time_s, step)
        for row in sorted(free.keys() - _parts(found)):
            corners = [float(value) for value in found.boxes[row]]
            track = Track(self.next_id, corners, time_s, corners)
            self.next_id += 1
            self._take(track, found, row, time_s, step)
            self.tracks.append(track)
        subject = self.last_box()
        for track in self.tracks:
            if track.detected_s == time_s:
                track.hits += first or track.id == self.subject or _beside(track.array(), subject)

    def _take(self, track: Track, found: Detections, row: int, time_s: float, step: float) -> None:
        track.take(found.boxes[row], float(found.scores[row]), time_s)
        track.weight += step * self._worth(found, row, track)

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


def _beside(box: Boxes, subject: Boxes | None) -> bool:
    """Whether who is in `box` [4] is somebody else: neither a part of the subject nor all of it."""
    return subject is None or max(covered(box, subject), covered(subject, box)) < BESIDE


def _parts(found: Detections) -> set[int]:
    """The detections that may be a part of a larger one: a detector now and then finds somebody's
    legs or chest too."""
    sizes, scores = area(found.boxes), found.scores
    return {
        row
        for row, box in enumerate(found.boxes)
        for other in range(len(found))
        if sizes[other] > sizes[row]
        and scores[other] >= HALF * scores[row]
        and covered(box, found.boxes[other]) >= WITHIN
    }


def _distance(box: Boxes, x: float, y: float) -> float:
    """Of a point from a box, in its heights; the nearer its middle the less, inside of it."""
    outside = max(box[0] - x, x - box[2], 0.0) + max(box[1] - y, y - box[3], 0.0)
    middle = math.hypot(float(box[0] + box[2]) / 2 - x, float(box[1] + box[3]) / 2 - y)
    return float(outside) * 10 + middle
