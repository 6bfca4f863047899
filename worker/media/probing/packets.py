"""Times of a video's packets as ffprobe reads them, and what they say of its length and rate."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from worker.contract.errors import ErrorCode, JobError
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.sandbox.child_process import TOO_MUCH, run
from worker.media.sandbox.limits import BACK_S, FORMATS, PROTOCOLS, MediaLimits
from worker.media.sandbox.media_process import ChildLimits, ChildStalled

PROBE_LIMITS = ChildLimits(cpu_seconds=60, stall_seconds=60, wall_seconds=300)
SANE_FPS = (0.2, 1000.0)
"""Frames a second between which a header is believed."""
_BYTES_A_LINE = 40


@dataclass(frozen=True)
class Timing:
    """Duration in seconds, mean frames a second and number of frames."""

    duration_s: float
    fps: float
    frames: int


def probe_command(limits: MediaLimits) -> list[str]:
    """The beginning of an ffprobe command line that answers in JSON, with its guards."""
    return [
        str(find_tools().ffprobe), "-hide_banner", "-v", "error",
        "-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMATS,
        "-max_pixels", str(limits.max_pixels), "-of", "json",
    ]  # fmt: skip


def packets_of(
    path: Path, limits: MediaLimits, index: int | None = None
) -> dict[int, list[list[float]]]:
    """Presentation times in seconds of the packets of the stream `index` (None: of every picture
    stream), by stream; a list for each recording of joined ones, as their clocks begin anew.

    Raises JobError `media_decode_error`, `media_too_large`.
    """
    wanted = "v" if index is None else str(index)
    entries = "packet=stream_index,pts_time,dts_time,flags"
    args = [*probe_command(limits), "-select_streams", wanted, "-show_entries", entries,
            "-of", "csv=p=0", "-i", "fd:"]  # fmt: skip
    most = _BYTES_A_LINE * limits.max_frames
    try:
        _, output, tail = run(args, path, PROBE_LIMITS, max_output=most)
    except ChildStalled as error:
        raise JobError(ErrorCode.MEDIA_DECODE_ERROR, "The video cannot be read.") from error
    if tail == TOO_MUCH:
        raise too_large(f"The video has more than {limits.max_frames} frames.")
    streams: dict[int, list[list[float]]] = {}
    decoded: dict[int, float] = {}
    for line in output.decode("ascii", "replace").split():
        stream, pts, dts, flags, *_ = (*line.split(","), "", "", "")
        if "D" in flags or not stream.isdigit():
            continue  # D marks packets that an edit list hides
        number = int(stream)
        recordings = streams.setdefault(number, [[]])
        # the first frames of a group may have no decoding time, and are shown in another order
        time = decoded.get(number, -math.inf) if dts == "N/A" else seconds(dts)
        if time < decoded.get(number, time) - BACK_S:
            recordings.append([])
        recordings[-1].append(seconds(pts if pts != "N/A" else dts))
        decoded[number] = time
    return streams


def timing_of(recordings: list[list[float]], longest_gap_s: float) -> Timing | None:
    """What the times of `packets_of` come to; a gap of more than `longest_gap_s` counts as one
    ordinary frame. None where there are none."""
    steps: list[float] = []
    for times in recordings:
        ordered = sorted(times)
        steps += [after - before for before, after in pairwise(ordered)]
    frames = sum(map(len, recordings))
    if not frames:
        return None
    step = statistics.median(steps) if steps else 0.0
    step = step if step > 0 else 1 / 30
    longest = max(longest_gap_s, 20 * step)
    duration = sum(gap if gap <= longest else step for gap in steps)
    duration += step * len(recordings)
    return Timing(duration, min(SANE_FPS[1], frames / duration), frames)


def seconds(value: object) -> float:
    """A number of ffprobe's, 0 where it has none."""
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def too_large(message: str) -> JobError:
    """The refusal of a video beyond the limits."""
    return JobError(ErrorCode.MEDIA_TOO_LARGE, message)
