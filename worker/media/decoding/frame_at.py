"""One frame of a video, at a given time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import JobError
from worker.contract.media import MediaInfo
from worker.media.decoding.video import Frame, decode
from worker.media.probing.probe import VideoInfo, as_video_info


def frame_at(path: Path, info: MediaInfo, time_us: int, *, max_side: int) -> NDArray[np.uint8]:
    """The frame at a time as RGB uint8 [h, w, 3], upright and as it is meant to be seen; the last
    one where the video ends before. Raises JobError where nothing decodes."""
    video = as_video_info(path, info)
    wanted_us = max(0, time_us - round(0.5e6 / video.fps))
    # without an index a decoder lands anywhere, and joined recordings have each time twice
    if video.indexed:
        with suppress(JobError):  # an index that is not sound: read from the beginning
            if frame := _first_from(path, video, wanted_us, max_side, wanted_us):
                return frame.image
    frame = _first_from(path, video, wanted_us, max_side, 0)
    assert frame is not None, "a decode without frames raises"
    return frame.image


def _first_from(
    path: Path, video: VideoInfo, wanted_us: int, max_side: int, start_us: int
) -> Frame | None:
    """The first frame from a time on, else the last one, of a decode from `start_us` on."""
    found = None
    with decode(
        path, video, max_side=max_side, max_fps=None, start_us=start_us, for_viewing=True
    ) as frames:
        for found in frames:
            if found.time_us >= wanted_us:
                break
    return found
