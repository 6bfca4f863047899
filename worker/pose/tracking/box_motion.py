"""Where a box will be: a Kalman filter of constant velocity over its centre and size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from worker.pose.geometry.boxes import Boxes

ACCELERATION = 2.0
"""Standard deviation of a body's acceleration, in its own heights a second squared: who squats in
two seconds moves the upper edge by 0.3 heights, at up to 1.5."""
BLUR = 0.05
"""Standard deviation of a detected edge, in heights: what NanoDet's boxes of somebody who stands
still vary by."""
SPEED = 1.0
"""The same of the velocity of who was just detected for the first time, in heights a second."""
HORIZON_S = 1.0
"""A velocity is believed for this long; what was unseen for longer has stopped."""


@dataclass
class BoxMotion:
    """`place` is x and y of the centre, width and height; `pace` its change a second; `spread` the
    covariance of place and pace (p00, p01, p11), which all four share, in heights."""

    place: list[float]
    time_s: float
    pace: list[float] = field(default_factory=lambda: [0.0] * 4)
    spread: list[float] = field(default_factory=lambda: [BLUR**2, 0.0, SPEED**2])

    @classmethod
    def of(cls, box: Boxes, time_s: float) -> BoxMotion:
        """The motion of who was detected in `box` [4] for the first time."""
        return cls(_place(box), time_s)

    def expected(self, time_s: float) -> Boxes:
        """The box [4] at a time."""
        ahead = min(max(time_s - self.time_s, 0.0), HORIZON_S)
        x, y, width, height = (
            place + pace * ahead for place, pace in zip(self.place, self.pace, strict=True)
        )
        middle = np.array([x, y])
        half = np.array([max(width, 1.0), max(height, 1.0)]) / 2
        return np.concatenate([middle - half, middle + half]).astype(np.float32)

    def correct(self, box: Boxes, time_s: float) -> None:
        """It was seen in `box` [4]."""
        step = max(time_s - self.time_s, 0.0)
        p00, p01, p11 = self.spread
        # prediction: the discrete white-noise acceleration model (Bar-Shalom, 6.3.2)
        noise = ACCELERATION**2
        p00 += 2 * step * p01 + step**2 * p11 + noise * step**4 / 4
        p01 += step * p11 + noise * step**3 / 2
        p11 += noise * step**2
        gain, pull = p00 / (p00 + BLUR**2), p01 / (p00 + BLUR**2)
        for n, seen in enumerate(_place(box)):
            missed = seen - (self.place[n] + self.pace[n] * step)
            self.place[n] += self.pace[n] * step + gain * missed
            self.pace[n] += pull * missed
        self.spread = [(1 - gain) * p00, (1 - gain) * p01, p11 - pull * p01]
        self.time_s = time_s

    @property
    def walk(self) -> float:
        """Its own heights a second that it goes sideways."""
        return abs(self.pace[0]) / max(self.place[3], 1.0)


def _place(box: Boxes) -> list[float]:
    x0, y0, x1, y1 = (float(value) for value in box)
    return [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]
