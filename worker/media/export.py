"""The overlay video: every frame at full resolution with its pose drawn in, sound kept.

Two children, one decoding to planes and one encoding, with the drawing between them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import MediaInfo
from worker.media import graph
from worker.media.child import Child, ChildLimits, ChildStalled
from worker.media.draw import Plane, draw_hud, draw_pose, yuv_matrix, yuv_planes
from worker.media.hud import NO_HUD, Hud
from worker.media.limits import DEFAULT_LIMITS, FORMATS, PROTOCOLS, MediaLimits
from worker.media.matroska import Colours, frame_head, header
from worker.media.probe import VideoInfo, described
from worker.media.reader import RawReader
from worker.media.tools import filters
from worker.media.track import PoseTrack

HudAt = Callable[[int], Hud]
Report = Callable[[int], None]

_TIME_BASE = "1:90000"  # exact for the usual rates and fine enough for the rest
_COPIED_AUDIO = frozenset({"aac", "mp3"})
_PRESET = "veryfast"
_QUALITY = 22
_LARGEST_OUTPUT = 32 << 30


def export_video(
    path: Path,
    info: MediaInfo,
    out: Path,
    poses: PoseTrack,
    hud: HudAt | None = None,
    *,
    report: Report | None = None,
    threads: int = 1,
    limits: MediaLimits = DEFAULT_LIMITS,
) -> None:
    """Writes the video at `path` with `poses` and `hud` (by time in microseconds) drawn in.

    `report` is told each frame's time; what it raises ends the export.

    `out` becomes an MP4 (H.264 High, index first) with upright square pixels and the source's
    frame times; it appears whole or not at all. Raises JobError `media_decode_error` where no
    frame decodes, `internal` where encoding fails.
    """
    video = described(path, info, limits)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    painter = _Painter(video, poses, hud, report)
    # A broken sound track must not cost the picture.
    tries = (True, False) if video.has_audio else (False,)
    try:
        for sound in tries:
            if _transcode(path, video, part, painter, threads, limits, sound=sound):
                part.replace(out)
                return
        raise JobError(ErrorCode.INTERNAL, "The video cannot be encoded.")
    finally:
        part.unlink(missing_ok=True)


class _Painter:
    """Draws what belongs to a frame's time."""

    def __init__(
        self, video: VideoInfo, poses: PoseTrack, hud: HudAt | None, report: Report | None
    ) -> None:
        self._report = report
        self.width, self.height = even_size(video)
        self._full = (video.width, video.height)
        self._poses = poses
        self._hud = hud
        self._tolerance = round(0.5e6 / video.fps)
        colours = output_colours(video)
        # Without a tag players take BT.709 for HD and BT.601 for less.
        bt709 = colours.matrix == "bt709" or (not colours.matrix and self.height >= 720)
        self._matrix = yuv_matrix(bt709=bt709)

    def paint(self, time_us: int, data: NDArray[np.uint8]) -> None:
        """Draws onto a frame of yuv420p bytes."""
        if self._report:
            self._report(time_us)
        pose = self._poses.at(time_us, self._tolerance)
        hud = self._hud(time_us) if self._hud else NO_HUD
        if pose is None and hud.empty:
            return
        planes: list[Plane] = yuv_planes(data, self.width, self.height, self._matrix)
        if pose is not None:
            draw_pose(planes, pose, *self._full)
        draw_hud(planes, hud, self.width, self.height)


def even_size(video: VideoInfo) -> tuple[int, int]:
    """Size of the exported frames: 4:2:0 needs even sides, so an odd row or column is cut off."""
    return max(2, video.width // 2 * 2), max(2, video.height // 2 * 2)


def output_colours(video: VideoInfo) -> Colours:
    """Colour tags of the export: the source's, BT.709 where brightness was mapped."""
    if video.hdr and _can_map():
        return Colours("bt709", "bt709", "bt709")
    if not video.matrix or video.matrix in ("gbr", "unknown", "reserved"):
        made = video.pixel_format.startswith(("rgb", "bgr", "gbr", "pal", "argb", "abgr"))
        return Colours("smpte170m") if made else Colours()
    return Colours(video.matrix, video.transfer, video.primaries)


def _can_map() -> bool:
    return {"zscale", "tonemap"} <= filters()


def _planes(stream: Any, video: VideoInfo) -> Any:
    """The picture as upright yuv420p of `even_size`."""
    width, height = even_size(video)
    if video.hdr and _can_map():
        stream = _mapped(stream, video)
    shown = (video.width, video.height)
    before = shown[::-1] if video.rotation in (90, 270) else shown
    stream = stream.filter("scale", *before, flags="bicubic", out_range="limited")
    stream = graph.turned(stream.filter("format", "yuv420p"), video.turn)
    if shown == (width, height):
        return stream
    if min(shown) < 2:
        return stream.filter("scale", width, height)
    return stream.filter("crop", width, height, 0, 0)


def _mapped(stream: Any, video: VideoInfo) -> Any:
    """HDR to SDR of BT.709.

    HLG is made to be shown as it is (ITU-R BT.2390, 5.3), only its primaries are converted; PQ
    is absolute light and goes through Hable's curve.
    """
    given = {
        "min": video.matrix or "bt2020nc",
        "pin": video.primaries or "bt2020",
        "rin": "full" if video.full_range else "limited",
    }
    made = {"t": "bt709", "m": "bt709", "p": "bt709", "r": "limited"}
    if video.transfer == "arib-std-b67":
        return stream.filter("zscale", tin="bt709", **given, **made).filter("format", "yuv420p")
    linear = stream.filter("zscale", tin=video.transfer, **given, t="linear", npl=100)
    colours = linear.filter("format", "gbrpf32le").filter("zscale", p="bt709")
    return colours.filter("tonemap", "hable", desat=0).filter("zscale", **made)


def _encoder(video: VideoInfo, part: Path, threads: int, sound: int | None) -> list[str]:
    """Command line of the encoding child; `sound` is the descriptor of the source file."""
    # Our own stream: nothing in it needs finding out.
    given = ffmpeg.input("pipe:0", format="matroska", protocol_whitelist="pipe", probesize=4096)
    streams = [given["v:0"]]
    audio: dict[str, Any] = {}
    if sound is not None:
        offset = (video.delay_us - video.start_us) / 1e6
        source = ffmpeg.input(
            "fd:", fd=sound, protocol_whitelist=PROTOCOLS, format_whitelist=FORMATS,
            itsoffset=f"{offset:.6f}", vn=None,
        )  # fmt: skip
        streams.append(source[str(video.audio_stream)])
        copied = video.audio in _COPIED_AUDIO
        audio = {"acodec": "copy"} if copied else {"acodec": "aac", "audio_bitrate": "160k"}
    output = ffmpeg.output(
        *streams, f"file:{part.resolve()}", format="mp4", vcodec="libx264", preset=_PRESET,
        crf=_QUALITY, pix_fmt="yuv420p", fps_mode="passthrough", enc_time_base=_TIME_BASE,
        video_track_timescale=90000, movflags="+faststart", threads=threads, map_metadata=-1,
        copyts=None, **audio,
    )  # fmt: skip
    return graph.command(output)


def _transcode(
    path: Path,
    video: VideoInfo,
    part: Path,
    painter: _Painter,
    threads: int,
    limits: MediaLimits,
    *,
    sound: bool,
) -> bool:
    """Whether the encoder took every frame and ended well; raises JobError for the decoder."""
    size = painter.width * painter.height * 3 // 2
    step_us = max(1, round(1e6 / video.fps))
    seconds = 1200 + round(video.duration_ms * 0.1)
    stream = _planes(graph.picture(graph.source(limits, threads), video), video)
    reader = RawReader(
        path, stream, pixel_format="yuv420p", size=size, step_us=step_us,
        delay_us=video.delay_us, limits=ChildLimits(cpu_seconds=seconds),
    )  # fmt: skip
    budget = ChildLimits(cpu_seconds=4 * seconds, file_bytes=_LARGEST_OUTPUT, stall_seconds=600)
    descriptor = os.open(path, os.O_RDONLY) if sound else None
    try:
        args = _encoder(video, part, threads, descriptor)
        fds = () if descriptor is None else (descriptor,)
        with reader, Child(args, limits=budget, pass_fds=fds) as encoder:
            start = header(painter.width, painter.height, step_us, output_colours(video))
            return _pumped(reader, encoder, painter, start)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _pumped(reader: RawReader, encoder: Child, painter: _Painter, start: bytes) -> bool:
    try:
        encoder.write(memoryview(start))
        while (read := reader.read()) is not None:
            time_us, data = read
            painter.paint(time_us, data)
            encoder.write(memoryview(frame_head(time_us, data.size)))
            encoder.write(data.data)
        return encoder.finish() == 0
    except (BrokenPipeError, ChildStalled):
        return False
