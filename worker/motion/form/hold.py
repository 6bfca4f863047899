"""Form of a hold: the same criteria over the frames that were held, however many they are."""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import Body, Floats
from worker.motion.form.rep_frames import RepFrames
from worker.motion.form.score import RepForm, judge

MOST = 512
"""Frames kept at most: of longer holds every second, fourth ... one, so that memory and cost of a
judgement do not grow with the hold."""


class HoldForm:
    """Collects the frames of one hold, in order, and judges them.

    Which frames are kept depends on how many there were alone, not on how they came.
    """

    def __init__(self, exercise_id: str) -> None:
        self._exercise = exercise_id
        self._added = 0
        self._step = 1
        self._kept: Floats = np.zeros((0, 52))

    def add(self, seconds: Floats, body: Body) -> None:
        """The next n held frames: `seconds` [n] and their joints."""
        rows = np.concatenate((seconds[:, None], body.x, body.y, body.score), axis=1)
        first = -self._added % self._step
        self._added += len(rows)
        self._kept = np.concatenate((self._kept, rows[first :: self._step]))
        while self._added > MOST * self._step:
            self._kept, self._step = self._kept[::2], 2 * self._step

    def form(self) -> RepForm:
        """Form of the hold so far."""
        kept = self._kept
        body = Body(x=kept[:, 1:18], y=kept[:, 18:35], score=kept[:, 35:52])
        rep = RepFrames(
            seconds=kept[:, 0], body=body, progress=np.zeros(len(kept)), turn=len(kept) // 2
        )
        return judge(self._exercise, rep)
