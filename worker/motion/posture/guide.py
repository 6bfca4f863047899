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
from worker.motion.features.features import Body, Floats, feature
from worker.motion.posture.texts import TEXTS

SEEN = 0.2
"""Joint score from which a joint counts as seen."""

SMALL = 0.18
"""Largest extent of the body, in frame heights, that is too small to measure well."""

HOLD = 0.5
"""Seconds that a fault must last before it is said."""

SETTLE = 0.3
"""Seconds that all must be right before `ready`."""

GONE = 1.0
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
        sides = [body.score[:, columns].min(axis=1) for columns in self._columns]
        worst = np.minimum(*sides) if self._view == "front" else np.maximum(*sides)
        fine = known & (worst >= SEEN)
        inside, extent = self._placed(body)
        turned = self._turned(body)
        states: list[State] = [_RIGHT] * len(fine)
        for row in np.flatnonzero(~(fine & inside & (extent >= SMALL) & ~turned)).tolist():
            states[row] = self._state_of(
                body, row, bool(known[row]), bool(fine[row]), float(extent[row]), bool(turned[row])
            )
        return states

    def _placed(self, body: Body) -> tuple[NDArray[np.bool_], Floats]:
        """Whether all seen joints are in the picture, and the body's extent in frame heights."""
        seen = body.score >= SEEN
        x, y = np.where(seen, body.x, np.nan), np.where(seen, body.y, np.nan)
        some = seen.any(axis=1)
        x[~some], y[~some] = 0.0, 0.0
        low_x, high_x = np.nanmin(x, axis=1), np.nanmax(x, axis=1)
        low_y, high_y = np.nanmin(y, axis=1), np.nanmax(y, axis=1)
        inside = (low_x >= 0) & (high_x <= self._aspect) & (low_y >= 0) & (high_y <= 1)
        return inside, np.maximum(high_x - low_x, high_y - low_y)

    def _turned(self, body: Body) -> NDArray[np.bool_]:
        if self._view == "any":
            return np.zeros(len(body.x), bool)
        width = feature(body, "frontal")[0][:, 0]
        return width < _FRONTAL if self._view == "front" else width > _PROFILE

    def _state_of(
        self, body: Body, row: int, known: bool, fine: bool, extent: float, turned: bool
    ) -> State:
        if not known:
            return "in-frame", self._missing(np.zeros(17))
        if not fine:
            missing = self._missing(body.score[row])
            big = extent > 0.85 * max(1.0, self._aspect)
            return ("backward" if big else "in-frame"), missing
        if extent < SMALL:
            return "forward", ()
        needed = body.x[row, [c for columns in self._columns for c in columns]]
        sure = body.score[row, [c for columns in self._columns for c in columns]] >= SEEN
        if bool((needed[sure] < 0).any()):
            return "right", ()
        if bool((needed[sure] > self._aspect).any()):
            return "left", ()
        if turned:
            return ("face-camera" if self._view == "front" else "profile-camera"), ()
        return _RIGHT

    def _missing(self, scores: Floats) -> tuple[str, ...]:
        """Names of the needed joints that are not seen: of both sides, or of the better one."""
        unseen = [
            [f"{side}_{j}" for j, c in zip(self._joints, columns, strict=True) if scores[c] < SEEN]
            for side, columns in zip(("left", "right"), self._columns, strict=True)
        ]
        if self._view == "front" or len(unseen[0]) == len(unseen[1]):
            return (*unseen[0], *unseen[1])
        return tuple(unseen[0] if len(unseen[0]) < len(unseen[1]) else unseen[1])

    def _step(self, seconds: float, state: State) -> Posture | None:
        if self._state is None or state[0] != self._state[0]:
            self._since = seconds
        self._state = state
        lasted = seconds - self._since
        if self._ready:
            away = state[0] in ("in-frame", "backward") and lasted >= GONE
            return self._say(state) if away else None
        if state[0] is None:
            return self._say_ready() if lasted >= SETTLE else None
        if lasted < HOLD or (self._said is not None and state[0] == self._said[0]):
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
