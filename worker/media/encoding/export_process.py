"""Program of the child process that exports a video: decodes, draws, encodes, keeps the sound.

Runs alone (`python -I -m worker.media.encoding.export_process SOURCE PLAN`): the media at
descriptor SOURCE, an ExportPlan in PLAN, drawings on standard input as they are needed. Writes
where it is to standard
output, and the video to a file. One process, as frames that cross a pipe cost a third more.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import msgspec
import numpy as np
from av.error import FFmpegError

from worker.media.decoding.timestamps import FrameClock
from worker.media.encoding.audio import CopiedSound, EncodedSound, Sound
from worker.media.encoding.encoders import OPTIONS
from worker.media.encoding.export_plan import NO_PICTURE, NO_SOUND, PROGRESS, ExportPlan, plan_of
from worker.media.rendering.face_blur import blur_face
from worker.media.rendering.hud import draw_hud
from worker.media.rendering.overlay_track import DrawingTrack, decoded
from worker.media.rendering.planes import yuv_inks, yuv_planes
from worker.media.rendering.skeleton import draw_pose
from worker.media.sandbox.limits import PROTOCOLS
from worker.media.sandbox.privileges import create_for_nobody, drop
from worker.system.memory import HIGHEST, set_mmap_threshold

Timed = tuple[av.VideoFrame, int]
"""A frame and its time in microseconds."""

_TIME_BASE = Fraction(1, 90_000)  # exact for the usual rates and fine enough for the rest
_PROGRESS_S = 0.5
_BURST_BYTES = 16 << 20
"""Frames that are drawn and encoded in one go: decoder, drawing and encoder in turns at every frame
push each other out of the processor's caches, which costs 5 % more."""
_BURST = 32
"""Frames of a burst at most: progress is told between them, and the muxer waits for sound."""
_FULL_RANGE = 2
_LIMITED_RANGE = 1


_MICROSECOND = Fraction(1, 1_000_000)


class Upright:
    """Frames as the export has them: yuv420p of its size; what is so already is let through.

    Frames come in and go out with their times in microseconds.
    """

    def __init__(self, plan: ExportPlan) -> None:
        self._plan = plan
        self._kind: tuple[object, ...] = ()
        self._graph: tuple[Any, Any, Any] | None = None

    def of(self, frame: av.VideoFrame, time_us: int, aspect: Fraction) -> Iterator[Timed]:
        """What the frame of `time_us` completes, upright; `aspect` is that of its pixels."""
        plan = self._plan
        ready = (frame.format.name, frame.width, frame.height) == ("yuv420p", *plan.size)
        if not plan.filters or (ready and plan.may_pass and frame.color_range != _FULL_RANGE):
            yield frame, time_us
            return
        size = (frame.width, frame.height)
        kind = (frame.format.name, *size, frame.color_range, frame.colorspace, aspect)
        if kind != self._kind:
            # frames may change size or colour midway
            yield from self.rest()
            self._kind, self._graph = kind, self._made(frame, aspect)
        assert self._graph is not None
        frame.pts, frame.time_base = time_us, _MICROSECOND
        self._graph[0].push(frame)
        yield from self._pulled()

    def rest(self) -> Iterator[Timed]:
        """What is still on its way."""
        if self._graph is not None:
            self._graph[0].push(None)
            yield from self._pulled()
        self._kind, self._graph = (), None

    def _pulled(self) -> Iterator[Timed]:
        assert self._graph is not None
        while True:
            try:
                made: av.VideoFrame = self._graph[1].pull()
            except (BlockingIOError, EOFError):  # as PyAV says EAGAIN and the end
                return
            assert made.pts is not None
            assert made.time_base is not None
            yield made, round(made.pts * made.time_base / _MICROSECOND)

    def _made(self, frame: av.VideoFrame, aspect: Fraction) -> tuple[Any, Any, Any]:
        """A graph's two ends, and the graph itself: the ends do not keep it alive."""
        made = av.filter.Graph()
        made.threads = 1
        given = (
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
            f":time_base=1/1000000:range={int(frame.color_range)}:colorspace={int(frame.colorspace)}"
            f":pixel_aspect={aspect.numerator}/{aspect.denominator}"
        )
        nodes = [made.add("buffer", given)]
        filters = self._plan.filters_of((frame.width, frame.height))
        nodes += [made.add(name, arguments or None) for name, arguments in filters]
        nodes.append(made.add("buffersink"))
        for first, second in pairwise(nodes):
            first.link_to(second)
        made.configure()
        return nodes[0], nodes[-1], made


class Painter:
    """Draws what belongs to a frame's time onto its planes."""

    def __init__(self, plan: ExportPlan, track: DrawingTrack) -> None:
        self._track = track
        self._full = plan.full_size
        self._inks = yuv_inks(bt709=plan.bt709)
        self._skeleton, self._blurs = plan.skeleton, plan.blur_faces

    def paint(self, frame: av.VideoFrame, time_us: int) -> None:
        """Draws onto a frame of yuv420p."""
        pose, hud = self._track.at(time_us)
        if pose is None and hud.empty and not self._blurs:
            return
        frame.make_writable()  # the decoder may still need its own to decode others
        luma, u, v = (_pixels(plane) for plane in frame.planes)
        planes = yuv_planes((luma, u, v), self._inks)
        if self._blurs:
            blur_face(planes, pose, *self._full)
        if pose is not None and self._skeleton:
            draw_pose(planes, pose, *self._full, focus=hud.focus)
        draw_hud(planes, hud, frame.width, frame.height)


def _pixels(plane: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


class Export:
    """One run from the first packet to the finished file."""

    def __init__(self, plan: ExportPlan, given: Any) -> None:
        self._plan = plan
        self._given = given
        self._picture = given.streams[plan.stream]
        self._out = av.open(
            f"file:{plan.out}", "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._encoder = self._made_encoder()
        self._sound = self._made_sound()
        step_us = round(1e6 / plan.fps) * plan.fields
        rows = decoded(sys.stdin.buffer.read)
        self._painter = Painter(plan, DrawingTrack(rows, round(0.5e6 / plan.fps)))
        self._upright = Upright(plan)
        self._clock = FrameClock(step_us, plan.delay_us, plan.longest_gap_s)
        self._told = time.monotonic()
        self._ready: list[Timed] = []
        most = _BURST_BYTES * 2 // (3 * plan.size[0] * plan.size[1])
        self._burst = min(max(1, most), _BURST)
        self.frames = 0
        self.silent = False
        """Whether there was to be sound, and there is none to write."""

    def _made_encoder(self) -> Any:
        plan = self._plan
        stream: Any = self._out.add_stream(plan.encoder, options=dict(OPTIONS[plan.encoder]))
        context = stream.codec_context
        context.width, context.height = plan.size
        context.pix_fmt = "yuv420p"
        context.time_base = _TIME_BASE
        context.framerate = Fraction(plan.fps).limit_denominator(1001)
        context.thread_count = plan.threads
        context.color_range = _LIMITED_RANGE
        context.colorspace, context.color_trc, context.color_primaries = plan.colours
        return stream

    def _made_sound(self) -> Sound | None:
        plan = self._plan
        if plan.audio_stream < 0:
            return None
        stream = self._given.streams[plan.audio_stream]
        shift_us = plan.delay_us - plan.start_us
        if plan.audio_copied:
            return CopiedSound(self._out, stream, shift_us)
        gap_s, end_us = plan.longest_gap_s, plan.duration_us
        return EncodedSound(self._out, stream, shift_us, gap_s, end_us)

    def run(self) -> None:
        """All of it; raises FFmpegError where the file cannot be written."""
        wanted = [self._picture] + ([self._sound.stream] if self._sound else [])
        for packet in self._packets(wanted):
            if packet.stream is self._picture:
                self._decode(packet)
            elif self._sound:
                self._sound.add(packet)
        self._decode(None)  # the last frames of a file that is cut off
        self._write(self._upright.rest())
        self._write_ready()
        if not self.frames:
            return
        self._out.mux(self._encoder.encode(None))
        if self._sound:
            self._sound.finish()
            if self._sound.empty:
                self.silent = True
                return
        self._out.close()

    def _packets(self, wanted: list[Any]) -> Iterator[Any]:
        packets = self._given.demux(wanted)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, FFmpegError):
                return  # of a file that is cut off, what was read is what there is
            yield packet

    def _decode(self, packet: Any) -> None:
        try:
            frames = self._picture.codec_context.decode(packet)
        except FFmpegError:
            return  # a broken packet, or the end for the second time
        for frame in frames:
            self._add(frame)

    def _add(self, frame: av.VideoFrame) -> None:
        stamp_us = None
        # some containers have no times of showing; ffmpeg's programs take those of decoding then
        stamp = frame.dts if frame.pts is None else frame.pts
        if stamp is not None:
            stamp_us = round(stamp * self._picture.time_base * 1_000_000) - self._plan.start_us
        aspect = Fraction(self._picture.codec_context.sample_aspect_ratio or 1)
        self._write(self._upright.of(frame, self._clock.at(stamp_us), aspect))

    def _write(self, frames: Iterator[Timed]) -> None:
        self._ready += frames
        if len(self._ready) >= self._burst:
            self._write_ready()

    def _write_ready(self) -> None:
        ready, self._ready = self._ready, []
        for shown, time_us in ready:
            self._painter.paint(shown, time_us)
        for shown, time_us in ready:
            shown.pts, shown.time_base = round(time_us * 9 / 100), _TIME_BASE
            shown.pict_type = 0  # the source's choice of key frames is not ours
            self._out.mux(self._encoder.encode(shown))
            self.frames += 1
        if ready and time.monotonic() - self._told >= _PROGRESS_S:
            self._told = time.monotonic()
            sys.stdout.buffer.write(PROGRESS.pack(ready[-1][1]))
            sys.stdout.buffer.flush()


def _opened(plan: ExportPlan, source: int) -> Any:
    """The media, guarded, with its picture's decoder open."""
    guards = {
        "fd": str(source),
        "protocol_whitelist": PROTOCOLS,
        "format_whitelist": plan.formats,
    }
    # a title may be in any encoding, and is of no interest
    given: Any = av.open("fd:", options=guards, metadata_errors="replace")
    given.flags &= ~av.container.Flags.gen_pts.value  # else times are guessed otherwise than there
    decoder = given.streams[plan.stream].codec_context
    decoder.options = {"max_pixels": str(plan.max_pixels)}
    decoder.thread_count = plan.threads
    decoder.thread_type = "AUTO"
    decoder.open(strict=False)
    return given


def main() -> None:
    """Exports as the command line says."""
    set_mmap_threshold(HIGHEST)  # else the memory of every frame drawn on is mapped anew
    plan = plan_of(sys.argv[2])
    plan = msgspec.structs.replace(plan, out=create_for_nobody(plan.out))
    drop(handed_over=True)
    try:
        given = _opened(plan, int(sys.argv[1]))
    except (FFmpegError, LookupError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(NO_PICTURE)
    export = Export(plan, given)
    export.run()
    if not export.frames:
        sys.exit(NO_PICTURE)
    if export.silent:
        sys.exit(NO_SOUND)


if __name__ == "__main__":
    main()
