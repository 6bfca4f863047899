"""How stored pixels become the picture a viewer sees: display matrix and sample aspect ratio."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Turn = Literal["", "clock", "cclock", "cclock_flip", "clock_flip", "hflip", "vflip", "turn180"]


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to lay a picture: `rotation` degrees clockwise, then `mirrored`
    left to right; `turn` names the ffmpeg filter that does both."""

    rotation: int = 0
    mirrored: bool = False
    turn: Turn = ""

    @property
    def transposed(self) -> bool:
        """Whether width and height change places."""
        return self.rotation in (90, 270)


UPRIGHT = Orientation()


def from_matrix(matrix: list[int]) -> Orientation:
    """The nearest of the eight orientations to a display matrix of nine numbers.

    ISO/IEC 14496-12, 6.2.2: x' = a x + c y, y' = b x + d y, in the order a b u c d v x y w.
    """
    if len(matrix) != 9:
        return UPRIGHT
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        if a < 0:
            return Orientation(180, False, "turn180") if d < 0 else Orientation(0, True, "hflip")
        return Orientation(180, True, "vflip") if d < 0 else UPRIGHT
    if c < 0:
        return Orientation(90, False, "clock") if b > 0 else Orientation(270, True, "clock_flip")
    return Orientation(90, True, "cclock_flip") if b > 0 else Orientation(270, False, "cclock")


def square_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Size in square pixels of stored pixels of an aspect ratio: one side grows, none shrinks.

    Ratios within 1 % of square are rounding errors of encoders and are left alone.
    """
    if aspect <= 0 or abs(aspect - 1) < Fraction(1, 100):
        return width, height
    if not Fraction(1, 20) < aspect < 20:
        return width, height
    if aspect > 1:
        return round(width * aspect), height
    return width, round(height / aspect)


def fitted(width: int, height: int, max_side: int, *, even: bool = False) -> tuple[int, int]:
    """The size scaled down so that the longer side is at most `max_side`; never up."""
    scale = min(1.0, max_side / max(width, height))
    step = 2 if even else 1
    return (
        max(step, round(width * scale / step) * step),
        max(step, round(height * scale / step) * step),
    )
