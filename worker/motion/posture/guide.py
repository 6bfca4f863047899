"""Guidance on where to stand: what is wrong, which way to move, and `ready` once it is right.

Guidance never holds up counting; it tells the subject, and the reader of the messages, why
nothing can be counted. A state must last before it is said, so guidance does not flicker.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import View
from worker.contract.keypoints import INDEX
from worker.contract.messages import Direction, Posture
from worker.motion.features.body_segments import TINY, Body, Floats
from worker.motion.posture.texts import TEXTS

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

State = tuple[Direction | None, tuple[str, ...]]
"""Which way to move (None: all is right) and the joints that are missing."""

_RIGHT: State = (None, ())


class PostureGuide:
    """Posture messages of one job; `joints` are those needed of one side, without prefix."""

    def __init__(self, joints: tuple[str, ...], view: View, language: str, aspect: float) -> None:
        self._joints = joints
        self._columns = [[INDEX[f"{side}_{j}"] for j in joints] for side in ("left", "right")]
        self._view = view
        self._texts = TEXTS[language]
        self._aspect = aspect
        self._ready = False
        self.ready_once = False
        """Whether everything that is needed was ever seen."""
        self._said: State | None = None
        self._state: State | None = None
        self._since = 0.0

    def steps(self, seconds: list[float], states: list[State]) -> list[Posture | None]:
        """The message, if one is due, at each of `states`."""
        return [self._step(time, state) for time, state in zip(seconds, states, strict=True)]

    def force_ready(self) -> Posture | None:
        """`ready`, if it was never said: a counted rep proves it."""
        return None if self.ready_once else self._say_ready()

    def states(self, body: Body, known: NDArray[np.bool_]) -> list[State]:
        """Where the subject stands in each frame; keeps nothing of it."""
        seen = (body.score >= SEEN_SCORE) & known[:, None]
        sides = np.stack([seen[:, columns].all(axis=1) for columns in self._columns])
        fine = np.asarray(sides.all(axis=0) if self._view == "front" else sides.any(axis=0))
        extent, needed = _extent(body, seen), [*self._columns[0], *self._columns[1]]
        across, sure = body.x[:, needed], seen[:, needed]
        # of what is wrong the first is said
        faults: tuple[tuple[Direction, NDArray[np.bool_]], ...] = (
            ("backward", ~fine & (extent > LARGE_EXTENT * max(1.0, self._aspect))),
            ("in-frame", ~fine),
            ("forward", extent < SMALL_EXTENT),
            ("right", np.any(sure & (across < 0), axis=1)),
            ("left", np.any(sure & (across > self._aspect), axis=1)),
            ("face-camera" if self._view == "front" else "profile-camera", self._turned(body)),
        )
        wrong = np.stack([rows for _, rows in faults], axis=1)
        states: list[State] = [_RIGHT] * len(fine)
        named: dict[bytes, tuple[str, ...]] = {}
        for row in np.flatnonzero(wrong.any(axis=1)).tolist():
            direction = faults[int(wrong[row].argmax())][0]
            names: tuple[str, ...] = ()
            if not fine[row]:
                key = seen[row].tobytes()
                names = named[key] = named.get(key) or self._missing(seen[row])
            states[row] = direction, names
        return states

    def _turned(self, body: Body) -> NDArray[np.bool_]:
        if self._view == "any":
            return np.zeros(len(body.x), np.bool_)
        width = _shoulder_width(body)
        return width < _FRONTAL if self._view == "front" else width > _PROFILE

    def _missing(self, seen: NDArray[np.bool_]) -> tuple[str, ...]:
        """Names of the needed joints that are not seen: of both sides, or of the better one."""
        unseen = [
            tuple(f"{side}_{j}" for j, c in zip(self._joints, columns, strict=True) if not seen[c])
            for side, columns in zip(("left", "right"), self._columns, strict=True)
        ]
        if self._view == "front" or len(unseen[0]) == len(unseen[1]):
            return unseen[0] + unseen[1]
        return min(unseen, key=len)

    def _step(self, seconds: float, state: State) -> Posture | None:
        if self._state is None or state[0] != self._state[0]:
            self._since = seconds
        self._state = state
        lasted = seconds - self._since
        if self._ready:
            away = state[0] in ("in-frame", "backward") and lasted >= GONE_S
            return self._say(state) if away else None
        if state[0] is None:
            return self._say_ready() if lasted >= READY_S else None
        if lasted < FAULT_S or (self._said is not None and state[0] == self._said[0]):
            return None
        return self._say(state)

    def _say(self, state: State) -> Posture:
        self._said, self._ready = state, False
        direction = state[0] or "in-frame"
        return Posture(
            message=self._texts[direction], direction=direction, ready=False,
            requirements=state[1],
        )  # fmt: skip

    def _say_ready(self) -> Posture:
        self._ready, self._said, self.ready_once = True, None, True
        return Posture(
            message=self._texts["ready"], direction="in-frame", ready=True, requirements=()
        )


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
