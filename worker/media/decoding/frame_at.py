"""One frame of a video, at a given time."""

from __future__ import annotations

from contextlib import suppress
from itertools import dropwhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import JobError
from worker.contract.media import MediaInfo
from worker.media.decoding.video import decode
from worker.media.probing.probe import as_video_info


def frame_at(
    path: Path, info: MediaInfo, time_us: int, *, max_side: int
) -> NDArray[np.uint8] | None:
    """The frame at a time as RGB uint8 [h, w, 3], upright and as it is meant to be seen; None where
    the video ends before. Raises JobError where nothing decodes."""
    video = as_video_info(path, info)
    wanted_us = max(0, time_us - round(0.5e6 / video.fps))
    found = None
    if video.indexed:
        with suppress(JobError):  # an index that is not sound: read from the beginning
            found = _first(path, video, wanted_us, max_side, start_us=wanted_us)
    return _first(path, video, wanted_us, max_side, start_us=0) if found is None else found


def _first(
    path: Path, video: MediaInfo, wanted_us: int, max_side: int, *, start_us: int
) -> NDArray[np.uint8] | None:
    reader = decode(
        path, video, max_side=max_side, max_fps=None, start_us=start_us, for_viewing=True
    )
    with reader as frames:
        later = dropwhile(lambda frame: frame.time_us < wanted_us, frames)
        frame = next(later, None)
    return None if frame is None else frame.image
