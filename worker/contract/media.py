"""What probing a file tells about it."""

from __future__ import annotations

from typing import Literal

import msgspec

Source = Literal["video", "image"]
WarningCode = Literal[
    "truncated", "second_track", "low_frame_rate", "audio_lost", "turned", "slow_motion",
    "hips_disagree",
]  # fmt: skip
"""What a job lost on its way, or should be known of it; none of these ends it.

`truncated`: the file ends before its structure or clock says, what is there was taken;
`second_track`: it has another video track, which was not looked at; `low_frame_rate`: too few
frames a second to see all of a movement; `audio_lost`: the exported video has no sound though the
file has some; `turned`: the picture lay on its side or head with no tag that says so;
`slow_motion`: bodies fall too slowly for their size, so a flight has no time and no height;
`hips_disagree`: the hips' rise in the picture does not fit the flight, which is what was told: the
user's height or the camera's pitch is wrong."""

AudioLoss = Literal["unsupported_codec", "damaged"]
"""Why a source's sound is not in an export."""


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One video stream or still image, as a viewer sees it.

    `width` and `height` are upright square pixels; `rotation` is the clockwise turn in degrees
    that made it upright; `frames` is the container's claim or an estimate, never a promise.
    `slowdown` is how many seconds of media one second of what was filmed takes: over 1 where the
    container declares slow motion. `warnings` are what the file itself gives reason for.
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
    warnings: tuple[WarningCode, ...] = ()
