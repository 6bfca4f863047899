"""What ffprobe says of a file and its streams: edges cut off, the way up, rates, the clock."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from worker.media.probing.orientation import UPRIGHT, Orientation, from_matrix
from worker.media.probing.packets import seconds

# A player shows a short delay of the first frame as it is; a clock that runs on is shifted to 0.
_LONGEST_DELAY_US = 10_000_000
# Android's cameras write the rate of capture (MediaFormat.KEY_CAPTURE_RATE) and, in slow motion,
# frame times of playback. iPhones need nothing: their files keep the times of capture, and the
# player slows them down.
_CAPTURE_RATE = "com.android.capture.fps"
_SLOW_MOTION = (1.5, 64.0)
_DOLBY_VISION = "DOVI configuration record"
UNINDEXED = ("mpegts", "mpeg", "flv")
"""Containers without an index, in ffprobe's names."""
_OWN_START = ("mpegts", "mpeg", "ogg")
"""Containers whose start ffmpeg takes from the streams that it reads (AVFMT_TS_DISCONT)."""


def _side_data(stream: dict[str, Any], kind: str) -> dict[str, Any]:
    for data in stream.get("side_data_list", []):
        if data.get("side_data_type") == kind:
            return dict(data)
    return {}


def crop_of(stream: dict[str, Any]) -> tuple[int, int, int, int]:
    """Pixels that the container cuts off left, at the top, right and at the bottom."""
    crop = _side_data(stream, "Frame Cropping")
    left, top, right, bottom = (
        max(0, int(crop.get(f"crop_{edge}", 0))) for edge in ("left", "top", "right", "bottom")
    )
    return left, top, right, bottom


def only_dolby_vision(stream: dict[str, Any]) -> bool:
    """Whether its colours are such that a decoder of HDR or SDR alone shows others."""
    return bool(_side_data(stream, _DOLBY_VISION).get("dv_bl_signal_compatibility_id") == 0)


def stored_size(stream: dict[str, Any]) -> tuple[int, int]:
    """Width and height of decoded frames: the container may cut edges off."""
    left, top, right, bottom = crop_of(stream)
    width = int(stream["width"]) - left - right
    height = int(stream["height"]) - top - bottom
    return max(1, width), max(1, height)


def orientation_of(stream: dict[str, Any]) -> Orientation:
    """How the picture is to be turned, by its display matrix."""
    text = _side_data(stream, "Display Matrix").get("displaymatrix", "")
    rows = [line.partition(":")[2].split() for line in text.strip().splitlines()]
    try:
        return from_matrix([int(number) for row in rows for number in row])
    except ValueError:
        return UPRIGHT


def ratio(text: str | None, sign: str = "/") -> Fraction | None:
    """The ratio that `text` says, as "30000/1001"; None where it says none above 0."""
    above, _, below = (text or "").partition(sign)
    try:
        found = Fraction(int(above), int(below))
    except (ValueError, ZeroDivisionError):
        return None
    return found if found > 0 else None


def start_us(claims: dict[str, Any], stream: dict[str, Any]) -> int:
    """Microseconds where the clock begins: in some containers with the picture, as ffmpeg has it
    where it decodes that alone; sound from before is not exported."""
    form = claims.get("format", {})
    start = stream.get("start_time") if form.get("format_name", "") in _OWN_START else None
    return round(seconds(start or form.get("start_time")) * 1e6)


def delay_us(claims: dict[str, Any]) -> int:
    """Microseconds by which a player shows the file's first moment late, 0 where it would not."""
    start = round(seconds(claims.get("format", {}).get("start_time")) * 1e6)
    form = claims.get("format", {}).get("format_name", "")
    keeps = any(name in form for name in ("mov", "matroska"))
    return start if keeps and 0 < start <= _LONGEST_DELAY_US else 0


def slowdown(claims: dict[str, Any], fps: float) -> float:
    """Seconds of media that a second of what was filmed takes, as the container declares it."""
    rate = seconds(claims.get("format", {}).get("tags", {}).get(_CAPTURE_RATE))
    times = rate / fps if fps > 0 else 0.0
    return round(times, 4) if _SLOW_MOTION[0] < times <= _SLOW_MOTION[1] else 1.0
