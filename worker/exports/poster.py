"""The poster: the best frame with its pose and the totals, as JPEG."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import unit_of
from worker.contract.media import MediaInfo
from worker.contract.options import JobOptions
from worker.exports.focus import joint_bits
from worker.exports.highlights import Highlights, KeyFrame
from worker.media.decoding.frame_at import frame_at
from worker.media.rendering.face_blur import blur_face
from worker.media.rendering.hud import NO_HUD, Hud, draw_hud
from worker.media.rendering.planes import rgb_planes
from worker.media.rendering.skeleton import draw_pose

MAX_SIDE = 1920
_QUALITY = 88


def write_poster(path: Path, story: Highlights, options: JobOptions, out: Path) -> None:
    """Writes the poster as JPEG to `out`; raises JobError where no frame decodes."""
    totals = _totals(story, options)
    out.write_bytes(moment_picture(path, story.media, story.best, options, MAX_SIDE, totals))


def moment_picture(
    path: Path,
    media: MediaInfo,
    moment: KeyFrame | None,
    options: JobOptions,
    max_side: int,
    hud: Hud = NO_HUD,
    focus: tuple[str, ...] = (),
) -> bytes:
    """A key frame as JPEG, with pose and panel drawn in; raises JobError where no frame decodes.

    Without `moment` it is the middle of the video. `max_side` is in pixels; `focus` are joints to
    highlight (names without the side).
    """
    time_us = round(media.duration_ms * 500) if moment is None else moment.time_us
    shown = frame_at(path, media, time_us, max_side=max_side).copy()
    height, width = shown.shape[:2]
    planes = rgb_planes(shown)
    if options.blurFaces:
        blur_face(planes, None if moment is None else moment.pose, width, height)
    if moment is not None and options.skeleton:
        draw_pose(planes, moment.pose, width, height, focus=joint_bits(focus, len(moment.pose)))
    draw_hud(planes, hud, width, height)
    return _jpeg(shown)


def _totals(story: Highlights, options: JobOptions) -> Hud:
    if options.exercise is None and options.reference is None:
        return NO_HUD
    unit = unit_of(options.exercise, story.summary.exercise if story.summary else None)
    return Hud(story.result.count, story.result.grade, unit=unit)


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ValueError("cannot encode a JPEG")
    return bytes(data)
