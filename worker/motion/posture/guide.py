"""Guidance on where to stand: what is wrong, which way to move, and `ready` once it is right.

Guidance never holds up counting; it tells the subject, and the reader of the messages, why
nothing can be counted. A state must last before it is said, so guidance does not flicker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import View
from worker.contract.keypoints import INDEX
from worker.contract.messages import Direction, Message, Posture
from worker.exercises.names import text_table
from worker.motion.features.body_segments import TINY, Body, Floats
from worker.motion.frames.frames import Frames

SEEN_SCORE = 0.2
"""Joint score from which a joint counts as seen."""

SMALL_EXTENT = 0.18
"""Largest extent of the body, in frame heights, that is too small to measure well."""

LARGE_EXTENT = 0.85
"""The same in pictures, from which on what is not seen is outside of it."""

FAULT_S = 0.5
"""Seconds that a fault must last before it is said."""

READY_S = 0.3
"""Seconds that all must be right before `ready`."""

GONE_S = 1.0
"""Seconds without the needed joints after which a ready subject has left."""

_FRONTAL, _PROFILE = 0.3, 0.75

GUIDANCE = text_table("worker.motion.posture", "texts.csv")
"""By state, then by language."""

State = Literal[Direction, "ready"]
"""Which way to move, or that all is right."""


class PostureGuide:
    """Posture messages of one job; `joints` are those needed of one side, without prefix."""

    def __init__(self, joints: tuple[str, ...], view: View, language: str) -> None:
        self._needed = [[f"{side}_{joint}" for joint in joints] for side in ("left", "right")]
        self._view = view
        self._language = language
        self._said: State | None = None
        self._state: State | None = None
        self._since = 0.0
        self.ready_once = False
        """Whether everything that is needed was ever seen."""

    def blocks(self, frames: Frames) -> Iterator[list[list[Message]]]:
        """What is due in each frame, one block after the other: what is counted in a block is
        known from the next on."""
        seconds = (frames.times_us * 1e-6).tolist()
        seen = (frames.body.score >= SEEN_SCORE) & frames.known[:, None]
        states = self._states(frames, seen)
        for rows in frames.blocks:
            steps = zip(seconds[rows], states[rows], seen[rows], strict=True)
            yield [self._step(*step) for step in steps]

    def force_ready(self) -> list[Message]:
        """`ready`, if it was never said: a counted rep proves it."""
        return [] if self.ready_once else self._say("ready", ())

    def _states(self, frames: Frames, seen: NDArray[np.bool_]) -> list[State]:
        """Which way to move in each frame, or `ready`; of what is wrong the first is said."""
        body = frames.body
        columns = [[INDEX[joint] for joint in side] for side in self._needed]
        sides = np.stack([seen[:, side].all(axis=1) for side in columns])
        fine = np.asarray(sides.all(axis=0) if self._view == "front" else sides.any(axis=0))
        extent, needed = _extent(body, seen), columns[0] + columns[1]
        across, sure = body.x[:, needed], seen[:, needed]
        faults: dict[State, NDArray[np.bool_]] = {
            "backward": ~fine & (extent > LARGE_EXTENT * max(1.0, frames.aspect)),
            "in-frame": ~fine,
            "forward": extent < SMALL_EXTENT,
            "right": np.any(sure & (across < 0), axis=1),
            "left": np.any(sure & (across > frames.aspect), axis=1),
        }
        if self._view == "front":
            faults["face-camera"] = _shoulder_width(body) < _FRONTAL
        elif self._view == "side":
            faults["profile-camera"] = _shoulder_width(body) > _PROFILE
        states: list[State] = [*faults, "ready"]
        wrong = np.stack([*faults.values(), np.ones(len(fine), np.bool_)])
        return [states[place] for place in wrong.argmax(axis=0).tolist()]

    def _step(self, seconds: float, state: State, seen: NDArray[np.bool_]) -> list[Message]:
        if state != self._state:
            self._state, self._since = state, seconds
        lasted = seconds - self._since
        if self._said == "ready":
            due = state in ("in-frame", "backward") and lasted >= GONE_S
        else:
            due = state != self._said and lasted >= (READY_S if state == "ready" else FAULT_S)
        if not due:
            return []
        missing = state in ("in-frame", "backward")
        return self._say(state, self._missing(seen) if missing else ())

    def _missing(self, seen: NDArray[np.bool_]) -> tuple[str, ...]:
        """Names of the needed joints that are not seen: of both sides, or of the better one."""
        left, right = (
            tuple(joint for joint in side if not seen[INDEX[joint]]) for side in self._needed
        )
        if self._view == "front" or len(left) == len(right):
            return left + right
        return min(left, right, key=len)

    def _say(self, state: State, missing: tuple[str, ...]) -> list[Message]:
        self._said = state
        ready = state == "ready"
        self.ready_once |= ready
        direction: Direction = "in-frame" if state == "ready" else state
        message = GUIDANCE[state][self._language]
        return [Posture(message=message, direction=direction, ready=ready, requirements=missing)]


def _shoulder_width(body: Body) -> Floats:
    """Width [n] of the shoulders by the length of the trunk: ~0.7 facing the camera, ~0.2 in
    profile."""
    (shoulder_x, shoulder_y), (hip_x, hip_y) = body.pair("shoulder"), body.pair("hip")
    across = np.hypot(*(side[:, 0] - side[:, 1] for side in (shoulder_x, shoulder_y)))
    middles = [side.mean(axis=1) for side in (shoulder_x, hip_x, shoulder_y, hip_y)]
    trunk = np.hypot(middles[0] - middles[1], middles[2] - middles[3])
    width: Floats = across / (trunk + TINY)
    return width


def _extent(body: Body, seen: NDArray[np.bool_]) -> Floats:
    """The greater extent [n] of the joints that are seen, in frame heights."""
    ends = [np.where(seen, axis, np.inf).min(axis=1) for axis in (body.x, -body.x, body.y, -body.y)]
    extent: Floats = -np.minimum(ends[0] + ends[1], ends[2] + ends[3])
    return extent
