"""A still picture with its pose drawn in, encoded for a message."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.media.rendering.hud import NO_HUD, Hud, draw_hud
from worker.media.rendering.planes import rgb_planes
from worker.media.rendering.skeleton import draw_pose

_JPEG_QUALITY = 90
_SAMPLED = 16
"""The part of a picture's rows that is tried as PNG."""
_LARGER = 3
"""A part of a picture may be this much larger as PNG, by its share, than the whole is."""


def overlay_image(
    image: NDArray[np.uint8], keypoints: NDArray[np.float32] | None, hud: Hud = NO_HUD
) -> tuple[str, bytes]:
    """Media type and bytes (PNG or JPEG, whichever is smaller) of an RGB image uint8 [h, w, 3]
    with keypoints float32 [17, 3] drawn in.

    `image` is not changed. Raises ValueError where a codec of OpenCV fails.
    """
    shown = image.copy()
    rows, columns = image.shape[:2]
    size = columns, rows
    planes = rgb_planes(shown)
    if keypoints is not None:
        draw_pose(planes, keypoints, *size)
    draw_hud(planes, hud, *size)
    bgr = np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), np.uint8)
    jpeg = _encoded(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    # a photo as PNG is ten times as large, and takes the time of its estimation: a part shows it
    part = bgr[rows // 2 :][: max(1, rows // _SAMPLED)]
    if len(_encoded(".png", part, [])) * rows > _LARGER * len(part) * len(jpeg):
        return "image/jpeg", jpeg
    png = _encoded(".png", bgr, [])
    return ("image/png", png) if len(png) <= len(jpeg) else ("image/jpeg", jpeg)


def _encoded(form: str, bgr: NDArray[np.uint8], options: list[int]) -> bytes:
    done, data = cv2.imencode(form, bgr, options)
    if not done:
        raise ValueError(f"cannot encode {form}")
    return bytes(data)
