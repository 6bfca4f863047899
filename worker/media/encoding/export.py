"""The overlay video: every frame at full resolution with its pose drawn in, sound kept.

One child under limits (`export_process`) reads the file, draws and encodes: frames never leave it.
Only HDR goes through a second one before: an ffmpeg that maps its brightness.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import ffmpeg
import msgspec

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import AudioLoss, MediaInfo
from worker.media.decoding import filter_graph
from worker.media.decoding.colour_tags import is_bt709, needs_tone_mapping, output_colours
from worker.media.decoding.orientation_filters import even_size, mapped, upright, whole
from worker.media.decoding.raw_reader import nothing_decodes
from worker.media.encoding.encoders import SOFTWARE, best_encoder
from worker.media.encoding.export_plan import NO_PICTURE, PROGRESS, ExportPlan
from worker.media.probing.probe import VideoInfo, as_video_info
from worker.media.rendering.overlay_track import Drawing, encode
from worker.media.sandbox.child_process import Child
from worker.media.sandbox.limits import DEFAULT_LIMITS, FORMATS, MediaLimits
from worker.media.sandbox.media_process import ChildLimits, ChildStalled
from worker.media.sandbox.privileges import reclaim
from worker.observability.gpu_fallbacks import record_fallback
from worker.observability.loggers import LazyLogger

Drawings = Callable[[], Iterable[Drawing]]
Report = Callable[[int], None]

log = LazyLogger()

_COPIED_AUDIO = frozenset({"aac", "mp3"})
_LARGEST_OUTPUT = 32 << 30
_PIPE_START_S = 1
"""Where the pipe's clock begins: the first samples of sound may lie before the picture, and NUT has
no times below 0."""

_Sound = Literal["copied", "encoded", "none"]


def export_video(
    path: Path,
    info: MediaInfo,
    out: Path,
    drawings: Drawings,
    *,
    report: Report = lambda _time_us: None,
    threads: int = 1,
    limits: MediaLimits = DEFAULT_LIMITS,
    skeleton: bool = True,
    blur_faces: bool = False,
) -> AudioLoss | None:
    """Writes the video at `path` with `drawings` in it, which come in order of time and are taken
    as they are needed; they are asked for again where the first way to encode fails.

    `report` is told every now and then how far it is (us); what it raises ends the export. Poses
    are drawn as a `skeleton`, and say where to `blur_faces`.

    `out` becomes an MP4 (H.264 High, index first) with upright square pixels and the source's
    frame times; it appears whole or not at all. Returns why it has no sound where the source has
    some, else None. Raises JobError `media_decode_error` where no frame decodes, `internal` where
    encoding fails.
    """
    video = as_video_info(path, info, limits)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    if needs_tone_mapping(video):
        log.info("export_tone_mapped", transfer=video.transfer, to="bt709")
    try:
        for encoder, sound in _tries(video):
            plan = _plan(video, part, encoder, threads, limits, sound)
            plan = msgspec.structs.replace(plan, skeleton=skeleton, blur_faces=blur_faces)
            if _transcode(path, video, plan, drawings(), report, limits):
                if encoder == SOFTWARE != best_encoder():
                    record_fallback("encode", SOFTWARE, f"{best_encoder()} failed")
                reclaim(part)
                part.replace(out)
                if not video.has_audio or sound != "none":
                    return None
                return "damaged" if video.audio else "unsupported_codec"
        raise JobError(ErrorCode.INTERNAL, "The video cannot be encoded.")
    finally:
        part.unlink(missing_ok=True)


def _tries(video: VideoInfo) -> Iterator[tuple[str, _Sound]]:
    """Encoders, and what becomes of the sound: neither a busy GPU nor a broken sound track may cost
    the picture, and sound that cannot be copied may still be heard."""
    ways: list[_Sound] = []
    if video.audio and video.audio in _COPIED_AUDIO and video.indexed:
        ways.append("copied")
    if video.audio:
        ways.append("encoded")
    ways.append("none")
    if best_encoder() != SOFTWARE:
        yield best_encoder(), ways[0]
    for way in ways:
        yield SOFTWARE, way


def _plan(
    video: VideoInfo, part: Path, encoder: str, threads: int, limits: MediaLimits, sound: _Sound
) -> ExportPlan:
    through_pipe = needs_tone_mapping(video)
    width, height = even_size(video)
    stored = [*whole(video), *upright(video)]
    return ExportPlan(
        out=str(part.resolve()),
        formats="nut" if through_pipe else FORMATS,
        stream=0 if through_pipe else video.stream,
        audio_stream=-1 if sound == "none" else 1 if through_pipe else video.audio_stream,
        audio_copied=sound == "copied",
        start_us=_PIPE_START_S * 1_000_000 if through_pipe else video.start_us,
        delay_us=video.delay_us,
        longest_gap_s=limits.longest_gap_s(indexed=video.indexed),
        duration_us=round(1000 * video.duration_ms),
        fps=video.fps,
        fields=2 if video.parity and not through_pipe else 1,
        size=(width, height),
        full_size=(video.width, video.height),
        filters=[] if through_pipe else [(step.name, step.text) for step in stored],
        may_pass=not (video.turn or video.parity or video.cropped),
        coded_size=(
            video.stored_width + video.crop[0] + video.crop[2],
            video.stored_height + video.crop[1] + video.crop[3],
        ),
        crop=video.crop,
        bt709=is_bt709(video),
        colours=output_colours(video).codes(),
        encoder=encoder,
        threads=threads,
        max_pixels=limits.max_pixels,
    )


def _mapping(path: Path, video: VideoInfo, limits: MediaLimits, threads: int, sound: bool) -> Child:
    """An ffmpeg that maps brightness and lays the picture upright; the sound goes along."""
    given = filter_graph.source(limits, threads)
    stream = filter_graph.filtered(
        filter_graph.picture(given, video), [*whole(video), *mapped(video), *upright(video)]
    )
    streams = [stream, given[str(video.audio_stream)]] if sound else [stream]
    output = ffmpeg.output(
        *streams, "pipe:1", format="nut", vcodec="rawvideo", acodec="copy",
        fps_mode="passthrough", enc_time_base="1:90000", output_ts_offset=_PIPE_START_S,
    )  # fmt: skip
    seconds = 1200 + round(video.duration_ms * 0.5)
    return Child(filter_graph.command(output), limits=ChildLimits(cpu_seconds=seconds), source=path)


def _transcode(
    path: Path,
    video: VideoInfo,
    plan: ExportPlan,
    drawings: Iterable[Drawing],
    report: Report,
    limits: MediaLimits,
) -> bool:
    """Whether the child took every frame and ended well; raises JobError where none decodes."""
    budget = ChildLimits(
        cpu_seconds=4800 + round(video.duration_ms * 0.4),
        file_bytes=_LARGEST_OUTPUT,
        stall_seconds=600,
        gpu=plan.encoder != SOFTWARE,
    )
    with ExitStack() as stack:
        if plan.formats == "nut":
            sound = plan.audio_stream >= 0
            before = stack.enter_context(_mapping(path, video, limits, plan.threads, sound))
            source = before.output
        else:
            before = None
            source = stack.enter_context(open(path, "rb")).fileno()
        child = stack.enter_context(
            Child(plan.command(source), limits=budget, pass_fds=(source,), drops=True)
        )
        if before is not None:
            before.hand_output_on()
        status = _fed(child, drawings, report)
        if status == NO_PICTURE:
            if before is not None:
                before.finish()
            raise nothing_decodes((before or child).tail)
        if status == 0 and (before is None or before.finish() == 0):
            return True
        if os.strerror(errno.ENOSPC) in child.tail:
            raise OSError(errno.ENOSPC, "the export has no room", plan.out)
        sound = plan.audio_stream >= 0
        log.warning(
            "export_failed",
            encoder=plan.encoder,
            sound=sound,
            status=status,
            said=child.tail[-500:],
        )
        return False


def _fed(child: Child, drawings: Iterable[Drawing], report: Report) -> int | None:
    """Gives the child what it draws and passes on where it is; its exit status, None if it
    stalled."""
    place = memoryview(bytearray(PROGRESS.size))
    try:
        try:
            for drawing in drawings:
                child.write(memoryview(encode(drawing)))
                while child.has_output() and child.read_into(place) == PROGRESS.size:
                    report(*PROGRESS.unpack(place))
            child.end_input()
        except BrokenPipeError:
            log.debug("export_child_is_gone")
        while child.read_into(place) == PROGRESS.size:
            report(*PROGRESS.unpack(place))
        return child.finish()
    except ChildStalled:
        return None
