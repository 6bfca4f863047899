"""Decoding on an NVIDIA GPU (NVDEC) by ffmpeg: whether, of what, and how frames come off it.

libavcodec's own decoders parse the stream and order its frames, and the GPU does the rest, so there
are as many frames as in software and they have the same times. None of it has run on a GPU yet.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Any

from worker.media.probing.ffmpeg_tools import ToolsMissing, accelerators, filters
from worker.media.probing.probe import VideoInfo
from worker.observability.gpu_fallbacks import DRIVER
from worker.observability.loggers import LazyLogger

log = LazyLogger()

SETTING = "POSEQUEUE_NVDEC"
"""`auto` or `off`. The environment is asked, as for the programs themselves (`tools`)."""
INPUT = {"hwaccel": "cuda", "hwaccel_output_format": "cuda"}
"""Options of an input that is decoded on the GPU, whose frames stay there."""
CODECS = frozenset({"h264", "hevc", "vp9", "av1"})
PIXELS = frozenset({"yuv420p", "yuvj420p"})
"""8 bits in 4:2:0, which every decoder since 2016 has, and `scale_cuda` has kernels for."""
LEAST_SIDE = 160
"""Pixels; for less there is nothing to win, and decoders have lower limits."""
MOST_FAILURES = 3
"""In a row; then a process leaves it."""
_failures = 0


def unavailable_reason() -> str | None:
    """Why this process does not decode on a GPU; None where it is tried."""
    if os.environ.get(SETTING, "auto") == "off":
        return "switched off"
    if not DRIVER.exists():
        return "no GPU"
    if _failures >= MOST_FAILURES:
        return f"it failed {_failures} times in a row"
    return _unbuilt()


@cache
def _unbuilt() -> str | None:
    try:
        if "cuda" not in accelerators() or not {"scale_cuda", "hwdownload"} <= filters():
            return "this ffmpeg is built without it"
        ctypes.CDLL("libnvcuvid.so.1")
    except ToolsMissing as error:
        return str(error)
    except OSError:
        return "the driver's libnvcuvid is missing (NVIDIA_DRIVER_CAPABILITIES lacks video?)"
    return None


def is_supported(video: VideoInfo) -> bool:
    """Whether a GPU decodes it, and gives the picture that software gives."""
    return (
        video.codec in CODECS
        and video.pixel_format in PIXELS
        and not video.hdr
        and not video.parity
        and not video.cropped  # by the container: frames on a GPU keep their left and upper edges
        and min(video.stored_width, video.stored_height) >= LEAST_SIDE
    )


def downloaded(stream: Any, video: VideoInfo, width: int, height: int) -> Any:
    """Frames on the GPU as yuv420p of the given size (as stored, not turned) in memory.

    The GPU's scaler looks at four pixels about a point. So a picture is halved until it is there,
    which looks at each of them, as `area` does in software. Until FFmpeg 5 it left the last colours
    of an odd side out, so it makes even ones.
    """
    even = (width + width % 2, height + height % 2)
    sizes = [even]
    while 2 * sizes[-1][0] < video.stored_width and 2 * sizes[-1][1] < video.stored_height:
        sizes.append((2 * sizes[-1][0], 2 * sizes[-1][1]))
    for across, down in reversed(sizes):
        stream = stream.filter(
            "scale_cuda", w=across, h=down, interp_algo="bilinear", format="yuv420p"
        )
    stream = stream.filter("hwdownload").filter("format", "yuv420p")
    return stream if even == (width, height) else stream.filter("scale", width, height)


def note_outcome(*, failed: bool) -> None:
    """A video was decoded on the GPU, or could not be."""
    global _failures
    _failures = _failures + 1 if failed else 0
    if _failures == MOST_FAILURES:
        log.warning("nvdec_given_up", failures=_failures)
