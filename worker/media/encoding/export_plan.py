"""What an export's parent tells its child, and what their numbers mean."""

from __future__ import annotations

import struct
import sys

import msgspec

NO_PICTURE = 3
"""Exit status: not one frame could be decoded."""

NO_SOUND = 4
"""Exit status: not one sample of the sound could be decoded."""

PROGRESS = struct.Struct("<q")
"""What the child writes now and then: the time of the frame it is at, in microseconds."""


class ExportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the child. `filters` (name and arguments) make of a stored frame upright ones of
    `size` in yuv420p; a frame that is so already goes without where it `may_pass`. `coded_size` is
    that of frames of which the container cuts `crop` off (left, top, right, bottom). Drawings are
    placed by `full_size`, which may be odd; `skeleton` and `blur_faces` say what is done with
    poses. Sound is of the source's `audio_stream` (-1: none). Each stored frame has `fields`
    pictures; `fps` counts pictures.
    `colours` are codes of ITU-T H.273 (matrix, transfer, primaries); times in microseconds as in
    VideoInfo; a gap of more than `longest_gap_s` was not recorded."""

    out: str
    formats: str
    stream: int
    audio_stream: int
    audio_copied: bool
    start_us: int
    delay_us: int
    longest_gap_s: float
    duration_us: int
    fps: float
    fields: int
    size: tuple[int, int]
    full_size: tuple[int, int]
    filters: list[tuple[str, str]]
    may_pass: bool
    coded_size: tuple[int, int]
    crop: tuple[int, int, int, int]
    bt709: bool
    colours: tuple[int, int, int]
    encoder: str
    threads: int
    max_pixels: int
    skeleton: bool = True
    blur_faces: bool = False

    def command(self, source: int) -> list[str]:
        """The command line of the child that reads the media at descriptor `source`."""
        program = [sys.executable, "-I", "-m", "worker.media.encoding.export_process"]
        return [*program, str(source), msgspec.json.encode(self).decode()]

    def filters_of(self, size: tuple[int, int]) -> list[tuple[str, str]]:
        """The filters of frames that have `size` as they are decoded."""
        left, top, right, bottom = self.crop
        if not any(self.crop) or size != self.coded_size:
            return self.filters
        width, height = size[0] - left - right, size[1] - top - bottom
        return [("crop", f"{width}:{height}:{left}:{top}:exact=1"), *self.filters]


def plan_of(text: str) -> ExportPlan:
    """The plan in a command line."""
    return msgspec.json.decode(text, type=ExportPlan)
