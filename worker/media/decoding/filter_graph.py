"""ffmpeg command lines, built with ffmpeg-python and run by `child`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ffmpeg

from worker.media.decoding.orientation_filters import Filter
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo
from worker.media.sandbox.limits import FORMATS, PROTOCOLS, MediaLimits


def source(limits: MediaLimits, threads: int, from_s: float = 0.0, **more: str) -> Any:
    """The guarded input: one open descriptor, formats we take, no rotation of ffmpeg's own; `more`
    are further options of the input.

    Read from the keyframe before `from_s` seconds on; the times are those of a read from the start.
    """
    return ffmpeg.input(
        "fd:",
        protocol_whitelist=PROTOCOLS,
        format_whitelist=FORMATS,
        max_pixels=limits.max_pixels,
        threads=threads,
        noautorotate=None,
        # Frames may change size or colour midway; a rebuilt graph would forget its counters.
        reinit_filter=0,
        **(_sought(from_s) if from_s > 0 else {}),
        **more,
    )


def _sought(from_s: float) -> dict[str, Any]:
    return {"ss": f"{from_s:.6f}", "noaccurate_seek": None, "copyts": None, "start_at_zero": None}


def picture(given: Any, info: VideoInfo) -> Any:
    """The picture stream of a guarded input."""
    return given[str(info.stream)]


def filtered(stream: Any, filters: Iterable[Filter]) -> Any:
    """The stream behind all of the filters."""
    for step in filters:
        stream = stream.filter(step.name, **step.arguments)
    return stream


def command(*outputs: Any) -> list[str]:
    """The whole command line of one or more outputs."""
    start = [
        str(find_tools().ffmpeg),
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "repeat+level+warning",
    ]
    merged = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    args: list[str] = merged.compile(cmd=[*start, "-filter_complex_threads", "1"])
    return args
