"""CPU cost of the overlay video over a plain transcode of the same clip with the same settings."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from tests.bench.context import EXERCISE, Context
from tests.bench.measure import in_turns, process_cost, spread
from tests.bench.report import Row, Section, row
from worker.contract.options import JobOptions
from worker.contract.pose_log import split_log
from worker.exports.video import render_video
from worker.media.encoding.encoders import OPTIONS, SOFTWARE
from worker.media.probing.ffmpeg_tools import find_tools

AIM = "≤ 1.05"


def measure(context: Context) -> Section:
    """The section `export`."""
    log = split_log(context.pose_log.read_bytes())
    options = JobOptions(exercise=EXERCISE, export=True)
    out = context.scratch / "overlay.mp4"
    drawn = context.scratch / "drawn.mp4"
    _export(context.clip, log, options, drawn)

    def plain(clip: Path) -> float:
        return process_cost(_transcode(clip, context.scratch / "plain.mp4")).cpu_s

    context.say("overlay export and plain transcode in turns")
    runs = in_turns(
        context.rounds(7, 3),
        {
            "export": lambda: _export(context.clip, log, options, out),
            "plain": lambda: plain(context.clip),
            "export one": lambda: _export(context.one_frame, log, options, out),
            "plain one": lambda: plain(context.one_frame),
            "drawn": lambda: plain(drawn),
        },
    )
    both = list(zip(*runs.values(), strict=True))
    whole = [export / plain for export, plain, *_ in both]
    apart = [(e - e1) / (p - p1) for e, p, e1, p1, _ in both]
    content = [(e - e1) / (d - p1) for e, _, e1, p1, d in both]
    seconds = context.media.duration_ms / 1000
    plain(context.clip)
    files = (drawn, context.scratch / "plain.mp4")
    sizes = ", ".join(f"{file.stat().st_size / 1024:.0f} KiB" for file in files)
    rows = (
        row("overlay export, whole", spread(runs["export"]), "CPU-s"),
        row(
            "overlay export, a media second", spread([e / seconds for e in runs["export"]]), "CPU-s"
        ),
        row("plain transcode by ffmpeg", spread(runs["plain"]), "CPU-s"),
        row("overlay export of one frame: start-up", spread(runs["export one"]), "CPU-s"),
        row("plain transcode of one frame", spread(runs["plain one"]), "CPU-s"),
        row("**export / plain, start-up apart**", spread(apart), "", AIM, 3),
        row("export / plain, start-up and all", spread(whole), "", "", 3),
        row("export / plain transcode of the drawn video", spread(content), "", "", 3),
        Row("size of the drawn video, of the plain one", sizes),
    )
    settings = " ".join(f"{name} {value}" for name, value in OPTIONS[SOFTWARE].items())
    notes = (
        context.note,
        f"libx264 {settings}, one thread to decode and one to encode, sound copied. The export "
        "has its analysis in it. A transcode of the drawn video has the same picture to encode: "
        "what is above it is our own work.",
    )
    return Section("export", "CPU cost of the overlay export over a plain transcode", rows, notes)


def _export(clip: Path, log: list[bytes], options: JobOptions, out: Path) -> float:
    """CPU-seconds of an export in a worker that runs already, children included."""
    before, began = _of_children(), time.process_time()
    render_video(clip, lambda: log, options, out)
    return time.process_time() - began + _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _transcode(clip: Path, out: Path) -> list[str]:
    settings = [part for name, value in OPTIONS[SOFTWARE].items() for part in (f"-{name}", value)]
    return [
        str(find_tools().ffmpeg), "-v", "error", "-nostdin", "-y", "-threads", "1", "-i", str(clip),
        "-c:v", SOFTWARE, *settings, "-pix_fmt", "yuv420p", "-threads", "1", "-c:a", "copy",
        "-fps_mode", "passthrough", "-movflags", "+faststart", str(out),
    ]  # fmt: skip
