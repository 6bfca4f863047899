"""What the states of two estimations say of the subject: whether they agree, who began as it."""

from __future__ import annotations

from typing import Any

import numpy as np

from worker.contract.poses import TURN
from worker.pose.geometry.boxes import area, closeness
from worker.pose.tracking.subject_tracker import ALIKE, COMPARABLE, SubjectTracker
from worker.pose.tracking.track import Track


def same_subject(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two states at one moment are about the same person, or both about nobody."""
    ours, theirs = (SubjectTracker.restore(1, 1, state).last_box() for state in (one, other))
    if ours is None or theirs is None:
        return ours is theirs
    return closeness(ours, theirs) >= ALIKE


def contested(state: dict[str, Any]) -> bool:
    """Whether somebody who was surely seen is large enough to be meant instead of the subject; once
    is enough, as where the detector rests it looks once a second."""
    tracks = state.get("tracks", [])
    own = next((t["detected_area"] for t in tracks if t["id"] == state["subject"]), 0.0)
    return any(
        t["id"] != state["subject"] and t["sure"] and t["detected_area"] >= COMPARABLE * own
        for t in tracks
    )


def head_start(first: dict[str, Any], later: dict[str, Any]) -> dict[str, Any] | None:
    """The state to begin a clip with whose first chunk left `first` where it turned out `later`
    that somebody else exercises; None where that is the same person, or came after the chunk."""
    tracker = SubjectTracker.restore(1, 1, later)
    subject, opening = tracker.subject_track(), first["opening"]
    if subject is None or first["last_s"] is None or subject.born_s > first["last_s"]:
        return None
    begun = np.array(subject.first_box, np.float32)
    same = opening and closeness(np.array(opening, np.float32), begun) >= ALIKE
    if same or not subject.exercise:
        return None
    born, box = subject.born_s, subject.first_box
    start = Track(
        1, box, born, box, born, born, float(area(begun)), weight=subject.weight, hits=subject.hits
    )
    state = SubjectTracker(1, 1, [start], 1, 2, opening=start.first_box).state()
    return {**state, TURN: first[TURN]} if TURN in first else state
