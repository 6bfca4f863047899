"""The panel with count, grade and progress, as a small picture with its own transparency."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from worker.media import theme

_INSET = 0.14  # of the panel's height
_FINE = 2  # drawn this much larger and shrunk: Pillow's shapes have hard edges


@dataclass(frozen=True)
class Hud:
    """What the panel says: repetitions (or `seconds` held), grade of the last one, progress 0-1
    within the present one. None leaves a part out; all None, the panel."""

    count: int | None = None
    grade: str | None = None
    progress: float | None = None
    seconds: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.count is None and self.grade is None and self.progress is None


NO_HUD = Hud()


def panel(hud: Hud, width: int, height: int) -> tuple[int, NDArray[np.uint8]]:
    """Margin in pixels (even) and RGBA uint8 [h, w, 4] (even) of the panel for a frame's size."""
    short = min(width, height)
    margin = round(short * theme.PANEL_MARGIN / 2) * 2
    tall = max(8, round(short * theme.PANEL_HEIGHT / 2) * 2)
    pixels = _drawn(hud.count, hud.grade, hud.seconds, tall)
    if hud.progress is None:
        return margin, pixels
    return margin, _with_bar(pixels, min(1.0, max(0.0, hud.progress)))


@lru_cache(maxsize=64)
def _drawn(count: int | None, grade: str | None, seconds: bool, tall: int) -> NDArray[np.uint8]:
    size = tall * _FINE
    number = "" if count is None else str(count)
    big = ImageFont.load_default(size * 0.5)
    inset = size * _INSET
    text_width = max(big.getlength(number), size * 0.55) if number else 0.0
    grade_width = size * 0.55 + (inset * 0.6 if number else 0) if grade else 0.0
    inner = max(text_width + grade_width, size * 0.9)
    wide = round((inner + 2 * inset) / (2 * _FINE)) * 2 * _FINE
    image = Image.new("RGBA", (wide, size), (*theme.PANEL[:3], 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, wide - 1, size - 1), radius=size * 0.16, fill=theme.PANEL)
    if number:
        _count(draw, number, "SECONDS" if seconds else "REPS", big, inset, size)
    if grade:
        _grade(draw, grade, wide - inset - size * 0.55, size)
    pixels = np.asarray(image.resize((wide // _FINE, tall), Image.Resampling.BOX))
    pixels.flags.writeable = False
    return pixels


def _with_bar(pixels: NDArray[np.uint8], progress: float) -> NDArray[np.uint8]:
    shown = pixels.copy()
    tall, wide = shown.shape[:2]
    thickness = max(1, round(tall * 0.08))
    row = round(tall * 0.87)
    left = round(tall * _INSET + thickness / 2)
    right = wide - left
    cv2.line(shown, (left, row), (right, row), (*theme.BAR_TRACK, 255), thickness, cv2.LINE_AA)
    reach = round(left + (right - left) * progress)
    if progress > 0:
        cv2.line(shown, (left, row), (reach, row), (*theme.BAR, 255), thickness, cv2.LINE_AA)
    return shown


def _count(
    draw: ImageDraw.ImageDraw,
    number: str,
    label: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    x: float,
    size: int,
) -> None:
    draw.text((x, size * 0.6), number, font=font, fill=theme.TEXT, anchor="ls")
    small = ImageFont.load_default(size * 0.13)
    draw.text((x, size * 0.76), label, font=small, fill=theme.LABEL, anchor="ls")


def _grade(draw: ImageDraw.ImageDraw, grade: str, x: float, size: int) -> None:
    box = (x, size * 0.16, x + size * 0.55, size * 0.71)
    colour = theme.GRADES.get(grade[:1].upper(), theme.LABEL)
    draw.ellipse(box, fill=colour)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    font = ImageFont.load_default(size * 0.34)
    draw.text(middle, grade[:2], font=font, fill=theme.OUTLINE, anchor="mm")
