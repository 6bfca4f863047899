"""The panel with count, grade and progress, blended into the upper left corner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from worker.contract.exercises import Unit
from worker.media.rendering import theme
from worker.media.rendering.planes import SHIFT, Ink, Plane
from worker.media.rendering.skeleton import dot

_INSET = 0.14  # of the panel's height
_FINE = 2  # drawn this much larger and shrunk: Pillow's shapes have hard edges
_BAR_ROW, _BAR_THICKNESS = 0.87, 0.08

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Hud:
    """What the panel says: how many of `unit`, grade of the last one, progress 0-1 within the
    present one. None leaves a part out; all None, the panel. `focus` has a bit for each joint that
    stands out in the pose, as what an advice is about."""

    count: int | None = None
    grade: str | None = None
    progress: float | None = None
    unit: Unit = "reps"
    focus: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.count is None and self.grade is None and self.progress is None


NO_HUD = Hud()


def draw_hud(planes: list[Plane], hud: Hud, width: int, height: int) -> None:
    """Blends the panel into the planes of a frame of that size."""
    if hud.empty:
        return
    short = min(width, height)
    margin = round(short * theme.PANEL_MARGIN / 2) * 2
    tall = max(8, round(short * theme.PANEL_HEIGHT / 2) * 2)
    for plane in planes:
        blend = _blend(hud.count, hud.grade, hud.unit, tall, plane.scale, plane.ink.rows)
        blend.onto(plane.pixels, round(margin * plane.scale))
    if hud.progress is not None:
        wide = _panel(hud.count, hud.grade, hud.unit, tall).shape[1]
        _bar(planes, margin, wide, tall, min(1.0, max(0.0, hud.progress)))


@dataclass(frozen=True)
class _Blend:
    """A panel on one plane: what is kept of the picture (0-255) and what is added to it."""

    kept: NDArray[np.uint8]
    added: NDArray[np.uint8]

    def onto(self, pixels: NDArray[np.uint8], margin: int) -> None:
        """Blends it into a plane at (margin, margin); what lies outside is cut off."""
        under = pixels[margin : margin + len(self.kept), margin : margin + self.kept.shape[1]]
        if not under.size:
            return
        rows, columns = under.shape[:2]
        faded = cv2.multiply(under, self.kept[:rows, :columns], scale=1 / 255)
        under[:] = cv2.add(faded, self.added[:rows, :columns])


@lru_cache(maxsize=64)
def _blend(
    count: int | None,
    grade: str | None,
    unit: Unit,
    tall: int,
    scale: float,
    rows: tuple[tuple[float, float, float, float], ...],
) -> _Blend:
    pixels = _panel(count, grade, unit, tall)
    if scale != 1.0:
        size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    opacity = pixels[..., 3:].astype(np.float32) / 255
    values = Ink(rows).of_picture(pixels[..., :3]) * opacity
    kept = np.broadcast_to(1 - opacity, values.shape) * 255
    return _Blend(_bytes(kept), _bytes(values))


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    whole = np.rint(values).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(whole[..., 0] if whole.shape[2] == 1 else whole)


def _bar(planes: list[Plane], margin: int, wide: int, tall: int, progress: float) -> None:
    """A rounded bar: a rectangle between two dots, which is cheaper than a thick line."""
    radius = tall * _BAR_THICKNESS / 2
    left = margin + tall * _INSET + radius
    right = margin + wide - tall * _INSET - radius
    row = margin + tall * _BAR_ROW
    reach = left + (right - left) * progress
    ends = np.array(((left, row), (right, row), (reach, row)))
    for plane in planes:
        first, last, now = plane.fixed(ends).tolist()
        _strip(plane, first, last, radius, plane.ink.of(theme.BAR_TRACK))
        if progress > 0:
            _strip(plane, first, now, radius, plane.ink.of(theme.BAR))


def _strip(
    plane: Plane, start: list[int], end: list[int], radius: float, value: tuple[float, ...]
) -> None:
    dot(plane, start, radius, value)
    dot(plane, end, radius, value)
    half, row = radius * plane.scale, start[1] / (1 << SHIFT)
    rows = slice(max(0, round(row - half)), max(0, round(row + half)) + 1)
    columns = slice(max(0, start[0] >> SHIFT), max(0, (end[0] >> SHIFT) + 1))
    plane.pixels[rows, columns] = np.rint(value) if len(value) > 1 else round(value[0])


@lru_cache(maxsize=64)
def _panel(count: int | None, grade: str | None, unit: Unit, tall: int) -> NDArray[np.uint8]:
    """The panel without its bar, RGBA uint8 [h, w, 4], even sides."""
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
        _count(draw, number, unit.upper(), big, inset, size)
    if grade:
        _grade(draw, grade, wide - inset - size * 0.55, size)
    pixels = np.asarray(image.resize((wide // _FINE, tall), Image.Resampling.BOX))
    pixels.flags.writeable = False
    return pixels


def _count(
    draw: ImageDraw.ImageDraw, number: str, label: str, font: Font, x: float, size: int
) -> None:
    bold = max(1, round(size * theme.BOLD))
    draw.text((x, size * 0.6), number, font=font, fill=theme.TEXT, anchor="ls", stroke_width=bold)
    small = ImageFont.load_default(size * 0.13)
    draw.text((x, size * 0.76), label, font=small, fill=theme.LABEL, anchor="ls")


def _grade(draw: ImageDraw.ImageDraw, grade: str, x: float, size: int) -> None:
    box = (x, size * 0.16, x + size * 0.55, size * 0.71)
    colour = theme.GRADES.get(grade[:1].upper(), theme.LABEL)
    draw.ellipse(box, fill=colour)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    font = ImageFont.load_default(size * 0.34)
    bold = max(1, round(size * theme.BOLD / 2))
    text = grade[:2]
    draw.text(middle, text, font=font, fill=theme.OUTLINE, anchor="mm", stroke_width=bold)
