"""What an export draws besides the skeleton, by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class HudTrack:
    """Arrays by analysed frame: `times_us` int64 [n], `count` int64 [n] (reps or whole seconds),
    `progress` float64 [n] 0-1 within the rep or the next second, `grade` of the last rep or None.
    """

    times_us: NDArray[np.int64]
    count: NDArray[np.int64]
    progress: NDArray[np.float64]
    grade: list[str | None]


class HudRecorder:
    """Collects a HudTrack while frames are analysed."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._count: list[int] = []
        self._progress: list[float] = []
        self._grade: list[str | None] = []

    def add(self, time_us: int, count: int, progress: float, grade: str | None) -> None:
        """One frame; `progress` 0-1."""
        self._times.append(time_us)
        self._count.append(count)
        self._progress.append(progress)
        self._grade.append(grade)

    def track(self) -> HudTrack:
        """The frames so far."""
        return HudTrack(
            times_us=np.array(self._times, np.int64),
            count=np.array(self._count, np.int64),
            progress=np.array(self._progress, np.float64),
            grade=list(self._grade),
        )

    def take(self) -> HudTrack:
        """The frames since the last time; they are forgotten."""
        taken = self.track()
        for values in (self._times, self._count, self._progress, self._grade):
            values.clear()
        return taken
