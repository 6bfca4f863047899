"""Video frames for the pose model: upright, in square pixels, small, with their true times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import MediaInfo
from worker.media.decoding import filter_graph, nvdec
from worker.media.decoding.nvdec_fallback import FallbackReader
from worker.media.decoding.orientation_filters import mapped, scaled, turning, whole
from worker.media.decoding.raw_reader import RawFrames, RawReader
from worker.media.probing.orientation import fitted
from worker.media.probing.probe import VideoInfo, as_video_info
from worker.media.sandbox.limits import DEFAULT_LIMITS, MediaLimits
from worker.media.sandbox.media_process import ChildLimits


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: `index` among those handed out by a decode from the start, `time_us` from the
    presentation's start, `image` RGB uint8 [h, w, 3], read-only and the holder's to keep."""

    index: int
    time_us: int
    image: NDArray[np.uint8]


class FrameReader(Iterator[Frame]):
    """Iterates over frames; a context manager that ends the child when left early."""

    def __init__(
        self,
        raw: RawFrames,
        size: tuple[int, int],
        first: int,
        limits: MediaLimits,
        promised_us: float,
        start_us: int = 0,
    ) -> None:
        self._promised_us = promised_us
        self._raw = raw
        self._shape = (size[1], size[0], 3)
        self._start_us = start_us
        # sought: counted from the first frame that is handed out, else from the file's first
        self._skipped = 0 if start_us else first
        self._next = first
        self._limits = limits
        self._open = True
        self.width, self.height = size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child; may be called again."""
        self._open = False
        self._raw.close()

    @property
    def sought(self) -> bool:
        """Whether only a part of the file is read."""
        return self._start_us > 0

    @property
    def damaged(self) -> int:
        """Frames that were decoded from damaged data; known at the end."""
        return self._raw.damaged

    @property
    def incomplete(self) -> bool:
        """Whether some of what was read could not be decoded, or only in part; whole at the end."""
        return self._raw.incomplete

    def _check_whole(self) -> None:
        """A count over half a video would be a wrong count, so it is an error instead."""
        if self._raw.cut_off and self._raw.last_us < LEAST_WHOLE * self._promised_us:
            read_s, whole_s = self._raw.last_us / 1e6, self._promised_us / 1e6
            raise JobError(
                ErrorCode.MEDIA_DECODE_ERROR,
                f"The file is cut off: {read_s:.1f} of {whole_s:.1f} seconds are there.",
            )
        # how much of the whole that is, a part cannot tell
        if not self.sought and self._raw.damaged > MOST_DAMAGED * max(self._raw.count, 1):
            raise JobError(
                ErrorCode.MEDIA_DECODE_ERROR,
                f"The video is damaged: {self._raw.damaged} of {self._raw.count} frames.",
            )

    def __next__(self) -> Frame:
        """The next frame; raises JobError `media_decode_error` where there is none at all or too
        much of the video is missing or damaged, `media_too_large` beyond the limits."""
        if not self._open:
            raise StopIteration
        try:
            read = self._read()
        except BaseException:
            self.close()
            raise
        if read is None:
            self.close()
            self._check_whole()
            raise StopIteration
        time_us, data = read
        index, self._next = self._next, self._next + 1
        if index >= self._limits.max_frames or time_us > self._limits.max_duration_s * 1e6:
            self.close()
            raise JobError(
                ErrorCode.MEDIA_TOO_LARGE, "The video is longer than its header declares."
            )
        image = data.reshape(self._shape)
        image.flags.writeable = False
        return Frame(index, time_us, image)

    def _read(self) -> tuple[int, NDArray[np.uint8]] | None:
        # earlier frames are read too: a clock that jumped among them shifts later times
        while self._raw.count < self._skipped and self._raw.read() is not None:
            pass
        read = self._raw.read()
        while read is not None and read[0] < self._start_us:
            read = self._raw.read()
        return read


MOST_DAMAGED = 0.2
"""Share of damaged frames above which poses would be made up."""
LEAD_S = 1.0
"""How far before the wanted moment a decode is sought to: thinning has found its step by then."""
LEAST_WHOLE = 0.9
"""Share of the promised time that must be there; a recording may lose its last moments."""


def decode(
    path: Path,
    info: MediaInfo,
    *,
    max_side: int = 640,
    max_fps: float | None = 60.0,
    start_frame: int = 0,
    start_us: int = 0,
    for_viewing: bool = False,
    threads: int = 1,
    gpu: bool = False,
    limits: MediaLimits = DEFAULT_LIMITS,
) -> FrameReader:
    """Decodes `path` from frame `start_frame` on, scaled to `max_side` pixels at most.

    With `start_us` it is sought to the keyframe before that time, and the first frame at or after
    it is numbered `start_frame`. Where the file's index or clock is not sound, these are not the
    frames that a decode from the start hands out: compare before you rely on them.

    Every frame comes once with its own time, save that frames closer than 1 / `max_fps` to the
    one before are left out (they have no index). HDR looks right only `for_viewing`; poses do not
    need it. With `gpu` a GPU decodes where one can (`nvdec`), and software where that fails: the
    same frames, though the GPU's differ a little in their pixels, as it scales another way.

    Raises JobError as `FrameReader` does.
    """
    video = as_video_info(path, info, limits)
    size = fitted(video.width, video.height, max_side)

    def opened(*, on_gpu: bool) -> RawReader:
        given = _given(video, start_us, threads, limits, on_gpu=on_gpu)
        stream = _wanted(given, video, max_fps, start_us)
        if for_viewing:
            stream = filter_graph.filtered(stream, mapped(video))
        cpu_seconds = 600 + round(video.duration_ms * 0.03)
        return RawReader(
            path,
            _scaled(stream, video, size, on_gpu=on_gpu),
            pixel_format="rgb24",
            size=size[0] * size[1] * 3,
            step_us=round(1e6 / video.fps),
            delay_us=video.delay_us,
            longest_gap_s=limits.longest_gap_s(indexed=video.indexed),
            limits=ChildLimits(cpu_seconds=cpu_seconds, gpu=on_gpu),
        )

    raw: RawFrames
    if gpu and not for_viewing and nvdec.is_supported(video) and nvdec.unavailable_reason() is None:
        raw = FallbackReader(partial(opened, on_gpu=True), partial(opened, on_gpu=False))
    else:
        raw = opened(on_gpu=False)
    # what is written in fragments promises no more than is there: a recording that was interrupted
    promised_us = 0.0 if video.fragmented else video.duration_ms * 1000
    return FrameReader(raw, size, start_frame, limits, promised_us, start_us)


def _given(
    video: VideoInfo, start_us: int, threads: int, limits: MediaLimits, *, on_gpu: bool
) -> Any:
    from_s = max(0.0, (start_us - video.delay_us) / 1e6 - LEAD_S)
    more = nvdec.INPUT if on_gpu else {}
    stream = filter_graph.picture(filter_graph.source(limits, threads, from_s, **more), video)
    return filter_graph.filtered(stream, whole(video))


def _wanted(stream: Any, video: VideoInfo, max_fps: float | None, start_us: int) -> Any:
    stream = _thinned(stream, max_fps)
    if not start_us:
        return stream
    # what is only decoded for its successors need not be scaled; a millisecond is left to us
    return stream.filter("select", f"gte(t,{(start_us - video.delay_us) / 1e6 - 1e-3:.6f})")


def _thinned(stream: Any, max_fps: float | None) -> Any:
    if max_fps is None:
        return stream
    # A tenth of slack, as containers round times; a clock that jumps back starts anew.
    gap = f"gte(t-prev_selected_t,{0.9 / max_fps:.6f})"
    return stream.filter("select", f"isnan(t)+isnan(prev_selected_t)+{gap}+lt(t,prev_selected_t)")


def _scaled(stream: Any, video: VideoInfo, size: tuple[int, int], *, on_gpu: bool) -> Any:
    width, height = size[::-1] if video.rotation in (90, 270) else size
    if on_gpu:
        stream = nvdec.downloaded(stream, video, width, height)
    else:
        # Shrinking in 4:2:0 and only then making RGB costs half of doing both at once; `area` looks
        # at every source pixel, where fast_bilinear leaves out most and makes edges ragged.
        stream = filter_graph.filtered(stream, scaled(video, width, height, flags="area"))
    stream = filter_graph.filtered(stream, turning(video.turn))
    return stream.filter("scale", flags="fast_bilinear")
