"""A pinhole camera in the room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tests.synthetic.rendering.geometry import Floats, unit


@dataclass(frozen=True)
class View:
    """Where the camera stands. `yaw` degrees: 0 sees the person's front, 90 the left side.

    Metres; `aim` is the height it looks at; `field` the degrees over the longer side of the frame
    of `width` x `height` pixels, drawn `oversampling` times as large.
    """

    yaw: float = 0.0
    distance: float = 4.0
    level: float = 1.05
    aim: float = 0.82
    field: float = 45.0
    width: int = 360
    height: int = 480
    oversampling: int = 2

    @property
    def azimuth(self) -> float:
        """The yaw in radians."""
        return float(np.radians(self.yaw))

    @cached_property
    def eye(self) -> Floats:
        """The camera's place [3]."""
        angle = self.azimuth
        return np.array([self.distance * np.sin(angle), -self.distance * np.cos(angle), self.level])

    @cached_property
    def axes(self) -> Floats:
        """Rows [3, 3]: right, down and forward of the picture in the world."""
        forward = unit(np.array([0.0, 0.0, self.aim]) - self.eye)
        right = unit(np.cross(forward, [0.0, 0.0, 1.0]))
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def drawn(self) -> tuple[int, int]:
        """Height and width in which it is drawn."""
        return self.height * self.oversampling, self.width * self.oversampling

    @property
    def focal(self) -> float:
        """Focal length in drawn pixels."""
        return float(max(self.drawn) / 2 / np.tan(np.radians(self.field) / 2))

    def project(self, places: Floats) -> Floats:
        """World places [n, 3] as x and y in drawn pixels and depth in metres, [n, 3]."""
        seen = (np.atleast_2d(places) - self.eye) @ self.axes.T
        height, width = self.drawn
        scale = self.focal / seen[:, 2]
        return np.stack(
            [seen[:, 0] * scale + width / 2, seen[:, 1] * scale + height / 2, seen[:, 2]], axis=1
        )

    def rays(self) -> Floats:
        """Direction [h, w, 3] through the middle of each drawn pixel."""
        height, width = self.drawn
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        flat = ((x - width / 2) / self.focal, (y - height / 2) / self.focal, np.ones_like(x))
        directions: Floats = np.stack(flat, axis=-1) @ self.axes
        return directions
