"""What probing a media file finds out."""

from __future__ import annotations

from typing import Literal

import msgspec

Source = Literal["video", "image"]
WarningCode = Literal[
    "truncated", "second_track", "low_frame_rate", "audio_lost", "turned", "slow_motion",
    "hips_disagree", "damaged", "colour_lost",
]  # fmt: skip
"""Findings that users should know and that do not end a job.

`truncated`: the file ends before its structure or duration says, and what is there was analysed;
`second_track`: another video track was ignored; `low_frame_rate`: too few frames per second to see
all of a movement; `audio_lost`: the exported video lacks the sound of the file; `turned`: the
picture lay on its side or upside down without a tag that says so; `slow_motion`: bodies fall too
slowly for their size, so a flight has no time and no height; `hips_disagree`: the rise of the hips
in the picture does not fit the flight, whose height was reported, so the user's height or the
camera's pitch is wrong; `damaged`: some frames could not be decoded, or only in part;
`colour_lost`: the pictures are HDR and could not be converted, so what is drawn of them is pale or
has other colours.
"""

AudioLoss = Literal["unsupported_codec", "damaged"]
"""Why a source's sound is not in an export."""


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One video stream or still image, as a viewer sees it.

    `width` and `height` are in upright square pixels; `rotation` is the clockwise turn in degrees
    that made it upright; `frames` is what the container claims or an estimate, and may be wrong.
    `slowdown` is the seconds of media that show one second of reality: over 1 where the container
    declares slow motion. `warnings` are findings about the file itself.
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

    @property
    def aspect(self) -> float:
        """Width of the upright picture by its height."""
        return max(self.width, 1) / max(self.height, 1)

    def turned(self, quarters: int) -> MediaInfo:
        """The same, its picture turned by `quarters` of a circle."""
        if quarters % 2 == 0:
            return self
        return msgspec.structs.replace(self, width=self.height, height=self.width)
