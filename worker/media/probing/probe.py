"""What a video file is: its real picture stream, how it lies, how long and how fast it is.

Headers are claims. Where they contradict each other or are missing, the packets are counted.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import MediaInfo, WarningCode
from worker.media.probing.ending import ending_of
from worker.media.probing.ffmpeg_tools import maps_brightness
from worker.media.probing.interlacing import Parity, field_parity
from worker.media.probing.orientation import UPRIGHT, square_size
from worker.media.probing.packets import (
    PROBE_LIMITS,
    SANE_FPS,
    Timing,
    packets_of,
    probe_command,
    seconds,
    timing_of,
    too_large,
)
from worker.media.probing.sniff import head_of, is_container, sniff, unread_format
from worker.media.probing.stream_fields import (
    UNINDEXED,
    crop_of,
    delay_us,
    only_dolby_vision,
    orientation_of,
    ratio,
    slowdown,
    start_us,
    stored_size,
)
from worker.media.probing.track_choice import audio_stream, picture_stream
from worker.media.sandbox.child_process import run
from worker.media.sandbox.limits import DEFAULT_LIMITS, MediaLimits
from worker.media.sandbox.media_process import ChildStalled

HDR = ("smpte2084", "arib-std-b67")
"""PQ and HLG (ITU-R BT.2100) in ffmpeg's names."""


class VideoInfo(MediaInfo, frozen=True, kw_only=True, omit_defaults=True):
    """What decoding and exporting need besides: `stream` index, stored size in pixels,
    orientation, colour tags (ffmpeg's names), `start_us` of the container's clock and `delay_us`
    from the presentation's start to that moment."""

    stream: int = 0
    stored_width: int = 0
    stored_height: int = 0
    turn: str = ""
    start_us: int = 0
    delay_us: int = 0
    audio: str = ""
    audio_stream: int = -1
    pixel_format: str = ""
    transfer: str = ""
    matrix: str = ""
    primaries: str = ""
    full_range: bool = False
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Pixels that the container cuts off what is coded: left, top, right, bottom."""
    indexed: bool = True
    """Whether the container has one clock and one description of each track; what has none may be
    several recordings, one behind the other."""
    parity: Parity = ""
    """Which field of a stored frame is shown first; "" where frames are whole pictures."""
    fragmented: bool = False
    """Whether it was written piece by piece, so that what is there was never promised as a
    whole."""

    @property
    def cropped(self) -> bool:
        """Whether the container cuts edges off what is coded."""
        return any(self.crop)

    @property
    def hdr(self) -> bool:
        """Whether brightness is coded as PQ or HLG."""
        return self.transfer in HDR


def probe(path: Path, limits: MediaLimits = DEFAULT_LIMITS) -> VideoInfo:
    """Describes the video at `path`.

    Raises JobError: `video_load_error` (empty, unreadable), `media_unsupported` (no video we
    take), `media_decode_error` (broken), `media_too_large` (over `limits`).
    """
    _check_bytes(path, limits)
    if sniff(path) == "image":
        raise _picture(path)
    claims = _claims(path, limits)
    indexed = claims["format"].get("format_name", "") not in UNINDEXED
    longest_gap_s = limits.longest_gap_s(indexed=indexed)
    stream, tracks = picture_stream(path, claims.get("streams", []), limits, longest_gap_s)
    width, height = stored_size(stream)
    if width * height > limits.max_pixels:
        raise too_large(f"The video's frames are too large ({width}x{height} pixels).")
    timing = _claimed_timing(claims, stream, limits) if indexed else None
    if timing is None:
        packets = packets_of(path, limits, int(stream["index"])).get(stream["index"], [])
        timing = timing_of(packets, longest_gap_s)
    if timing is None:
        raise JobError(ErrorCode.MEDIA_DECODE_ERROR, "The video has no readable frames.")
    lies = orientation_of(stream)
    parity = field_parity(path, stream, timing, turned=lies != UPRIGHT)
    if parity:  # each frame is two pictures
        timing = Timing(timing.duration_s, 2 * timing.fps, 2 * timing.frames)
    _check_timing(timing.duration_s, timing.frames, limits)
    ending = ending_of(path)
    warnings: list[WarningCode] = []
    if tracks > 1:
        warnings.append("second_track")
    if ending.cut_off:
        warnings.append("truncated")
    unmapped = stream.get("color_transfer") in HDR and not maps_brightness()
    if unmapped or only_dolby_vision(stream):
        warnings.append("colour_lost")
    shown = square_size(width, height, ratio(stream.get("sample_aspect_ratio"), ":") or Fraction(1))
    if lies.transposed:
        shown = (shown[1], shown[0])
    audio = audio_stream(claims.get("streams", []))
    delay = delay_us(claims)
    return VideoInfo(
        kind="video",
        duration_ms=round(timing.duration_s * 1000 + delay / 1000, 3),
        width=shown[0],
        height=shown[1],
        fps=round(timing.fps, 4),
        frames=timing.frames,
        codec=stream["codec_name"],
        rotation=lies.rotation,
        mirrored=lies.mirrored,
        has_audio=any(one.get("codec_type") == "audio" for one in claims["streams"]),
        slowdown=slowdown(claims, timing.fps),
        warnings=tuple(warnings),
        stream=int(stream["index"]),
        stored_width=width,
        stored_height=height,
        turn=lies.turn,
        start_us=start_us(claims, stream),
        delay_us=delay,
        audio=audio.get("codec_name", ""),
        audio_stream=int(audio.get("index", -1)),
        pixel_format=stream.get("pix_fmt", ""),
        transfer=stream.get("color_transfer", ""),
        matrix=stream.get("color_space", ""),
        primaries=stream.get("color_primaries", ""),
        full_range=stream.get("color_range") == "pc",
        crop=crop_of(stream),
        indexed=indexed,
        parity=parity,
        fragmented=ending.fragmented,
    )


def as_video_info(path: Path, info: MediaInfo, limits: MediaLimits = DEFAULT_LIMITS) -> VideoInfo:
    """`info` if it is whole already, else the file probed again (it came out of a log)."""
    return info if isinstance(info, VideoInfo) else probe(path, limits)


def _check_bytes(path: Path, limits: MediaLimits) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise JobError(ErrorCode.VIDEO_LOAD_ERROR, "The video cannot be opened.") from error
    if size == 0:
        raise JobError(ErrorCode.VIDEO_LOAD_ERROR, "The video file is empty.")
    if size > limits.max_bytes:
        raise too_large(f"The video file is larger than {limits.max_bytes // 2**20} MiB.")


def _claims(path: Path, limits: MediaLimits) -> dict[str, Any]:
    args = [*probe_command(limits), "-show_streams", "-show_format", "-i", "fd:"]
    try:
        status, output, tail = run(args, path, PROBE_LIMITS)
    except ChildStalled as error:
        message = "The video's header cannot be read."
        raise JobError(ErrorCode.MEDIA_DECODE_ERROR, message) from error
    if "exceeds specified max pixel count" in tail:
        raise too_large(
            f"The video's frames are too large: at most {limits.max_pixels // 10**6} megapixels."
        )
    if status != 0:
        raise _unreadable(path, tail)
    claims: dict[str, Any] = msgspec.json.decode(output)
    if not claims.get("streams"):
        raise _unreadable(path, tail)
    return claims


def _picture(path: Path) -> JobError:
    name = unread_format(head_of(path))
    said = (
        f"{name} is not a format we read. Send an MP4, MOV or WebM."
        if name
        else "The file is a picture, not a video: send it with source=image."
    )
    return JobError(ErrorCode.MEDIA_UNSUPPORTED, said)


def _unreadable(path: Path, tail: str) -> JobError:
    details = {"reason": tail[-300:]} if tail else None
    if "moov atom not found" in tail:
        message = "The video file is incomplete: its index is missing. Was the upload cut off?"
        return JobError(ErrorCode.MEDIA_DECODE_ERROR, message, details)
    head = head_of(path)
    if is_container(head) and "not on whitelist" not in tail:
        message = "The video file is damaged and cannot be read."
        return JobError(ErrorCode.MEDIA_DECODE_ERROR, message, details)
    name = unread_format(head)
    said = f"{name} is not a format we read." if name else "The file is not a readable video."
    message = f"{said} Send an MP4, MOV or WebM, or a picture as JPEG, PNG or HEIC."
    return JobError(ErrorCode.MEDIA_UNSUPPORTED, message, details)


def _claimed_timing(
    claims: dict[str, Any], stream: dict[str, Any], limits: MediaLimits
) -> Timing | None:
    """How long it is by its header; None where that does not agree with itself."""
    duration = seconds(stream.get("duration"))
    if not duration and len(claims["streams"]) == 1:  # else it may be that of longer sound
        duration = seconds(claims["format"].get("duration"))
    average = float(ratio(stream.get("avg_frame_rate")) or 0)
    nominal = float(ratio(stream.get("r_frame_rate")) or 0)
    frames = int(stream.get("nb_frames", 0))
    agree = frames > 0 or (average > 0 and abs(average - nominal) < 0.05 * average)
    sane = SANE_FPS[0] <= average <= SANE_FPS[1]
    if not (0 < duration <= limits.max_duration_s and agree and sane):
        return None
    count = frames or max(1, round(duration * average))
    if abs(count / duration - average) >= 0.2 * average + 1 / duration:
        return None
    return Timing(duration, average, count)


def _check_timing(duration_s: float, frames: int, limits: MediaLimits) -> None:
    if duration_s > limits.max_duration_s:
        most = f"at most {limits.max_duration_s:.0f} s are taken"
        raise too_large(f"The video is {duration_s:.0f} s long; {most}.")
    if frames > limits.max_frames:
        raise too_large(f"The video has {frames} frames; at most {limits.max_frames} are taken.")
