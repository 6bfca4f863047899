"""Which H.264 encoder this machine has: the GPU's where it works, else libx264."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache

from worker.observability.gpu_fallbacks import DRIVER, record_fallback

SOFTWARE = "libx264"
HARDWARE = "h264_nvenc"

# Qualities that look alike; a picture group of 250 frames at most is the default of both.
OPTIONS: dict[str, dict[str, str]] = {
    SOFTWARE: {"preset": "veryfast", "crf": "22"},
    HARDWARE: {"preset": "p4", "rc": "vbr", "cq": "23", "b": "0"},
}
"""Options of each encoder."""

_TRIAL = f"""
import av
codec = av.CodecContext.create({HARDWARE!r}, "w")
codec.width, codec.height, codec.pix_fmt, codec.framerate = 640, 360, "yuv420p", 30
frame = av.VideoFrame(640, 360, "yuv420p")
frame.pts = 0
assert codec.encode(frame) + codec.encode(None)
"""


@lru_cache(maxsize=1)
def best_encoder() -> str:
    """The encoder to use, found out once a process by encoding a frame in a child.

    That a GPU is there says little: compute cards have no encoder, and containers may lack the
    driver's library for it. It was never a GPU's yet.
    """
    if not DRIVER.exists():
        return SOFTWARE
    try:
        command = [sys.executable, "-I", "-c", _TRIAL]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        record_fallback("encode", SOFTWARE, f"{HARDWARE} does not start")
        return SOFTWARE
    return HARDWARE
