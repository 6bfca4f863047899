"""Which of a file's tracks is the clip, and which its sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from worker.contract.errors import ErrorCode, JobError
from worker.media.probing.packets import packets_of, timing_of
from worker.media.sandbox.limits import MediaLimits

_HIDDEN = ("attached_pic", "still_image", "timed_thumbnails")
_MAIN_SHARE = 0.3
"""Share of the longest stream's seconds and frames that a clip has: a front camera's 25 frames a
second beside 60 of the other one's are a clip, a thumbnail a second is none."""


def picture_stream(
    path: Path, streams: list[dict[str, Any]], limits: MediaLimits, longest_gap_s: float
) -> tuple[dict[str, Any], int]:
    """The stream that is the clip, and how many could have been it.

    Covers, depth maps and thumbnails are shorter or slower than the clip beside them, whatever
    their flags say: of several streams those are candidates that have frames like the longest one.
    Of these it is the default one, then the largest. Raises JobError `media_unsupported`.
    """
    shown = [
        stream
        for stream in streams
        if stream.get("codec_type") == "video"
        and stream.get("codec_name", "unknown") != "unknown"
        and not any(stream.get("disposition", {}).get(name) for name in _HIDDEN)
    ]
    # of a stream that begins late in the file nobody knows the size
    pictures = [s for s in shown if int(s.get("width", 0)) > 0 and int(s.get("height", 0)) > 0]
    unknown = len(shown) - len(pictures)
    if not pictures:
        raise JobError(ErrorCode.MEDIA_UNSUPPORTED, "The file contains no video.")
    if len(pictures) > 1:
        packets = packets_of(path, limits)
        found = {
            s["index"]: timing_of(packets.get(s["index"], []), longest_gap_s) for s in pictures
        }
        times = {index: timing for index, timing in found.items() if timing}
        longest = max((timing.duration_s for timing in times.values()), default=0.0)
        most = max((timing.frames for timing in times.values()), default=0)
        pictures = [
            stream
            for stream in pictures
            if (timing := times.get(stream["index"])) is not None
            and timing.duration_s >= _MAIN_SHARE * longest
            and timing.frames >= _MAIN_SHARE * most
        ] or pictures

    def rank(stream: dict[str, Any]) -> tuple[int, int]:
        default = stream.get("disposition", {}).get("default", 0)
        return int(default), int(stream["width"]) * int(stream["height"])

    return max(pictures, key=rank), len(pictures) + unknown


def audio_stream(streams: list[dict[str, Any]]) -> dict[str, Any]:
    """The default one of the sounds that are known, else the first; {} where there is none."""
    sounds = [
        stream
        for stream in streams
        if stream.get("codec_type") == "audio" and stream.get("codec_name", "unknown") != "unknown"
    ]
    return max(sounds, key=lambda s: s.get("disposition", {}).get("default", 0), default={})
