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
        self._frames: list[tuple[int, int, float, str | None]] = []

    def add(self, time_us: int, count: int, progress: float, grade: str | None) -> None:
        """One frame; `progress` 0-1."""
        self._frames.append((time_us, count, progress, grade))

    def take(self) -> HudTrack:
        """The frames since the last time; they are forgotten."""
        times, counts, progress, grades = (
            zip(*self._frames, strict=True) if self._frames else [()] * 4
        )
        self._frames = []
        return HudTrack(
            times_us=np.array(times, np.int64),
            count=np.array(counts, np.int64),
            progress=np.array(progress, np.float64),
            grade=list(grades),
        )
