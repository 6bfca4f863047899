"""The overlay image of a job whose source is a still."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from worker.contract.messages import ImageOverlay
from worker.contract.options import JobOptions
from worker.contract.poses import decode_chunk
from worker.media.rendering.face_blur import blur_face
from worker.media.rendering.overlay_image import overlay_image
from worker.media.rendering.planes import rgb_planes


def render_image(
    image: NDArray[np.uint8], log: Iterable[bytes], options: JobOptions
) -> ImageOverlay:
    """The `image_overlay` message of a still, upright RGB uint8 [h, w, 3], by its pose log."""
    entries = list(log)
    joints = decode_chunk(entries[1]).keypoints[0]
    drawn = joints if options.skeleton and joints.any() else None
    if options.blurFaces:
        image = image.copy()
        blur_face(rgb_planes(image), joints, image.shape[1], image.shape[0])
    media_type, data = overlay_image(image, drawn)
    return ImageOverlay(dataUrl=f"data:{media_type};base64,{base64.b64encode(data).decode()}")
