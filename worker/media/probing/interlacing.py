"""Whether a video's frames are two half-pictures of different moments, and which comes first.

Flags tell of most recordings. Those that were encoded again as if frames were whole keep their
combs without a flag, where nobody scaled them: some frames of the sizes of interlaced television
are looked at (ffmpeg's idet).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.packets import Timing
from worker.media.sandbox.child_process import run
from worker.media.sandbox.limits import FORMATS, PROTOCOLS
from worker.media.sandbox.media_process import ChildLimits, ChildStalled

Parity = Literal["", "tff", "bff"]
"""Field that is shown first: top or bottom."""

_LINES = (480, 486, 576, 1080, 1088)
"""Lines of interlaced television (ITU-R BT.601, BT.709) and of what codecs round them to."""
_CODECS = ("h264", "mpeg2video", "mpeg4", "mjpeg", "dvvideo", "msmpeg4v3", "wmv3", "vc1", "msmpeg4")
_MOST_FPS = 31.0
"""Interlaced video has 25 or 30 frames a second."""
_FRAMES = 16
_COMBED = 0.25
"""Least share of frames in which idet sees combs: of who moves half of the time it sees half."""
_LIMITS = ChildLimits(cpu_seconds=60, stall_seconds=60, wall_seconds=120)
_SEEN = re.compile(r"Multi frame detection: TFF:\s*(\d+) BFF:\s*(\d+) Progressive:\s*(\d+)")


def field_parity(path: Path, stream: dict[str, Any], timing: Timing, *, turned: bool) -> Parity:
    """Which field of the frames of `stream` (ffprobe's description) comes first, "" where they are
    whole; `turned` says that a tag turns the picture, as only phones do."""
    order = stream.get("field_order", "unknown")
    if order in ("tt", "bb", "tb", "bt"):
        # "tb" is coded top first and shown bottom first
        return "tff" if order[-1] == "t" else "bff"
    width, height = int(stream["width"]), int(stream["height"])
    likely = (
        not turned
        and height in _LINES
        and width > height
        and stream.get("codec_name") in _CODECS
        and timing.fps <= _MOST_FPS
        and timing.frames > 2 * _FRAMES
    )
    if not likely:
        return ""
    index = int(stream["index"])
    seen = _fields(path, index, timing.duration_s / 3)
    top, bottom, whole = seen if any(seen) else _fields(path, index, 0.0)
    if max(top, bottom) < _COMBED * (top + bottom + whole) or top + bottom == 0:
        return ""
    return "tff" if top > bottom else "bff"


def _fields(path: Path, index: int, from_s: float) -> tuple[int, int, int]:
    """Frames behind a time in which the top field comes first, the bottom one, and whole ones."""
    args = [
        str(find_tools().ffmpeg), "-nostdin", "-hide_banner", "-loglevel", "info", "-nostats",
        "-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMATS, "-threads", "1",
        "-ss", f"{from_s:.3f}", "-noaccurate_seek", "-i", "fd:", "-map", f"0:{index}",
        "-vf", "idet", "-frames:v", str(_FRAMES), "-f", "null", "-",
    ]  # fmt: skip
    try:
        _, _, said = run(args, path, _LIMITS)
    except ChildStalled:
        return 0, 0, 0
    # the last of them: a graph that was made anew has counted nothing yet
    found = (_SEEN.findall(said) or [(0, 0, 0)])[-1]
    return int(found[0]), int(found[1]), int(found[2])
