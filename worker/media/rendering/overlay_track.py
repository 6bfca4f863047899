"""What is drawn on a video, row by row in order of time, and as bytes for another process."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import UNITS
from worker.media.rendering.hud import NO_HUD, Hud

_LONGEST_GAP_US = 500_000
"""Poses further apart than this are not joined: a body moves visibly in half a second."""
_HEAD = struct.Struct("<qif2sBBQ")  # time, count, progress, grade, unit, joints, focus
_NONE = -1
_VALUES = 3


@dataclass(frozen=True, slots=True)
class Drawing:
    """One analysed frame: its time, its joints float32 [n, 3] of x, y (0-1 of the frame) and score,
    None where there is nobody to draw, and what the panel says from then on."""

    time_us: int
    pose: NDArray[np.float32] | None = None
    hud: Hud = NO_HUD


def encode(drawing: Drawing) -> bytes:
    """A drawing as bytes."""
    hud, pose = drawing.hud, drawing.pose
    head = _HEAD.pack(
        drawing.time_us,
        _NONE if hud.count is None else hud.count,
        math.nan if hud.progress is None else hud.progress,
        (hud.grade or "").encode()[:2],
        UNITS.index(hud.unit),
        0 if pose is None else len(pose),
        hud.focus,
    )
    return head if pose is None else head + pose[:, :_VALUES].astype("<f4").tobytes()


def decoded(read: Callable[[int], bytes]) -> Iterator[Drawing]:
    """The drawings behind `read`, which gives so many bytes, fewer only at the end."""
    while len(head := read(_HEAD.size)) == _HEAD.size:
        time_us, count, progress, grade, unit, joints, focus = _HEAD.unpack(head)
        pose = None
        if joints:
            values = read(joints * _VALUES * 4)
            pose = np.frombuffer(values, "<f4").reshape(joints, _VALUES)
        hud = Hud(
            None if count == _NONE else count,
            grade.rstrip(b"\0").decode() or None,
            None if math.isnan(progress) else progress,
            UNITS[unit],
            focus,
        )
        yield Drawing(time_us, pose, hud)


class DrawingTrack:
    """Drawings looked up by times that only rise; holds two of them at a time."""

    def __init__(self, rows: Iterator[Drawing], tolerance_us: int) -> None:
        self._rows = rows
        self._tolerance = tolerance_us
        self._before: Drawing | None = None
        self._after = next(rows, None)

    def at(self, time_us: int) -> tuple[NDArray[np.float32] | None, Hud]:
        """Pose and panel of a frame: the pose nearest within the tolerance, else one between its
        two neighbours, None where there is none; the panel of the last row that began."""
        while self._after is not None and self._after.time_us < time_us:
            self._before, self._after = self._after, next(self._rows, None)
        return self._pose(time_us), self._hud(time_us)

    def _hud(self, time_us: int) -> Hud:
        after = self._after
        if after is not None and (self._before is None or after.time_us == time_us):
            return after.hud
        return self._before.hud if self._before else NO_HUD

    def _pose(self, time_us: int) -> NDArray[np.float32] | None:
        near = [row for row in (self._before, self._after) if row is not None]
        if not near:
            return None
        nearest = min(near, key=lambda row: abs(row.time_us - time_us))
        if abs(nearest.time_us - time_us) <= self._tolerance:
            return nearest.pose
        return _between(near[0], near[1], time_us) if len(near) == 2 else None


def _between(first: Drawing, second: Drawing, time_us: int) -> NDArray[np.float32] | None:
    gap_us = second.time_us - first.time_us
    if first.pose is None or second.pose is None or gap_us > _LONGEST_GAP_US:
        return None
    part = np.float32((time_us - first.time_us) / gap_us)
    pose: NDArray[np.float32] = first.pose + (second.pose - first.pose) * part
    pose[:, 2] = np.minimum(first.pose[:, 2], second.pose[:, 2])
    return pose
