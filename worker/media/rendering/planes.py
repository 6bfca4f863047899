"""Pictures to draw on: RGB, or the planes of YUV 4:2:0 as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from worker.media.rendering import theme

SHIFT = 4
"""cv2 takes coordinates in 2^-SHIFT of a pixel."""

_FARTHEST = 4.0  # frame sizes: cv2's integers overflow far beyond

Matrix = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Ink:
    """What colours are on a plane: rows by which an RGB colour (0-255, then 1) becomes its
    values."""

    rows: Matrix
    known: dict[theme.Colour, tuple[float, ...]] = field(default_factory=dict, compare=False)

    def of(self, colour: theme.Colour) -> tuple[float, ...]:
        """The values of a colour."""
        if colour not in self.known:
            values = np.array(self.rows) @ np.array((*colour, 1.0))
            self.known[colour] = tuple(float(value) for value in values)
        return self.known[colour]

    def of_picture(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The values [h, w, channels] of RGB pixels [h, w, 3]."""
        rows = np.array(self.rows, np.float32)
        return pixels @ rows[:, :3].T + rows[:, 3]


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane: `pixels` uint8 [h, w] or [h, w, 3], its size relative to the frame (1 or 0.5),
    and its ink."""

    pixels: NDArray[np.uint8]
    scale: float
    ink: Ink

    @property
    def chroma(self) -> bool:
        """Whether it holds colour without brightness, at half the size."""
        return self.scale != 1.0

    def fixed(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        """Frame coordinates [..., 2] in cv2's parts of this plane's pixels."""
        # A plane's pixel centres lie half a pixel in.
        return np.rint((points * self.scale - 0.5) * (1 << SHIFT)).astype(np.int32)


_RGB = Ink(((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0)))


@lru_cache(maxsize=2)
def yuv_inks(*, bt709: bool) -> tuple[Ink, Ink, Ink]:
    """From RGB 0-255 to limited-range Y, U and V (ITU-R BT.709-6 and BT.601-7)."""
    red, blue = (0.2126, 0.0722) if bt709 else (0.299, 0.114)
    luma = np.array((red, 1 - red - blue, blue))
    u = (np.array((0.0, 0.0, 1.0)) - luma) / (2 * (1 - blue))
    v = (np.array((1.0, 0.0, 0.0)) - luma) / (2 * (1 - red))
    scaled = (luma * 219 / 255, u * 224 / 255, v * 224 / 255)
    y_ink, u_ink, v_ink = (
        Ink(((float(r), float(g), float(b), offset),))
        for (r, g, b), offset in zip(scaled, (16.0, 128.0, 128.0), strict=True)
    )
    return y_ink, u_ink, v_ink


def rgb_planes(image: NDArray[np.uint8]) -> list[Plane]:
    """An RGB picture uint8 [h, w, 3] as something to draw on."""
    return [Plane(image, 1.0, _RGB)]


def yuv_planes(
    planes: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]],
    inks: tuple[Ink, Ink, Ink],
) -> list[Plane]:
    """Luma [h, w] and the two chroma planes [h / 2, w / 2] of yuv420p as something to draw on."""
    return [
        Plane(pixels, scale, ink)
        for pixels, scale, ink in zip(planes, (1.0, 0.5, 0.5), inks, strict=True)
    ]


def pixels_of(points: NDArray[np.float32], width: float, height: float) -> NDArray[np.float64]:
    """Points [n, 2] of 0-1 in pixels of a frame of that size, within what cv2 can count."""
    return np.clip(points.astype(np.float64), -_FARTHEST, _FARTHEST) * (width, height)
