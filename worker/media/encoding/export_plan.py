"""What an export's parent tells its child, and what their numbers mean."""

from __future__ import annotations

import struct
import sys

import msgspec

NO_PICTURE = 3
"""Exit status: not one frame could be decoded."""

PROGRESS = struct.Struct("<q")
"""What the child writes now and then: the time of the frame it is at, in microseconds."""


class ExportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the child. `filters` (name and arguments) make of a stored frame an upright one of
    `size` in yuv420p; a frame that is so already, `turned` apart, goes without. Drawings are placed
    by `full_size`, which may be odd; `skeleton` and `blur_faces` say what is done with poses.
    `colours` are codes of ITU-T H.273 (matrix, transfer, primaries); times in microseconds as in
    VideoInfo."""

    out: str
    formats: str
    stream: int
    audio_stream: int
    audio_copied: bool
    start_us: int
    delay_us: int
    fps: float
    size: tuple[int, int]
    full_size: tuple[int, int]
    filters: list[tuple[str, str]]
    turned: bool
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


def plan_of(text: str) -> ExportPlan:
    """The plan in a command line."""
    return msgspec.json.decode(text, type=ExportPlan)
