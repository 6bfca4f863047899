"""What probing a file tells about it."""

from __future__ import annotations

from typing import Literal

import msgspec

Source = Literal["video", "image"]


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One video stream or still image, as a viewer sees it.

    `width` and `height` are upright square pixels; `rotation` is the clockwise turn in degrees
    that made it upright; `frames` is the container's claim or an estimate, never a promise.
    `slowdown` is how many seconds of media one second of what was filmed takes: over 1 where the
    container declares slow motion.
    """

    kind: Source
    duration_ms: float
    width: int
    height: int
    fps: float
    frames: int | None = None
    codec: str = ""
    rotation: int = 0
    mirrored: bool = False
    has_audio: bool = False
    slowdown: float = 1.0
