"""A long video on one worker process and on two, and what a worker needs of memory for it."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.client import Client
from tests.bench.context import EXERCISE, Context
from tests.bench.measure import in_turns, process_cost, spread
from tests.bench.report import Row, Section, row
from worker.contract.pose_log import SEGMENT_SECONDS, framed, split_log
from worker.contract.poses import LogHead, decode_chunk, decode_head
from worker.embedded.stack import System
from worker.media.probing.ffmpeg_tools import find_tools

SHORT_S, LONG_S = 12.0, 720.0
QUICK_S, QUICK_FPS, QUICK_SEGMENT_S = 64.0, 15, 8
"""A quick run takes a part of the long video, few of its frames, and short segments."""
_TIMEOUT_S = 7200.0


@dataclass(frozen=True)
class Run:
    """One job: seconds to its first message, to `done`, processor seconds it was charged, reps."""

    first_s: float
    done_s: float
    compute_s: float
    count: int


def _film(context: Context, seconds: float, fps: int | None) -> Path:
    """The clip over and over until `seconds`, with `fps` frames a second, or its own."""
    path = context.scratch / f"long-{seconds:g}-{fps}.mp4"
    if not path.exists():
        rate = [] if fps is None else ["-r", str(fps)]
        command = [str(find_tools().ffmpeg), "-v", "error", "-stream_loop", "-1",
                   "-i", str(context.clip), "-an", "-t", f"{seconds:g}", *rate,
                   "-vf", "scale=480:-2", "-c:v", "libx264", "-preset", "veryfast",
                   "-pix_fmt", "yuv420p", str(path)]  # fmt: skip
        context.say(f"making a clip of {seconds:g} s")
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@contextmanager
def _system(context: Context, name: str, processes: int) -> Iterator[System]:
    length = str(QUICK_SEGMENT_S if context.quick else SEGMENT_SECONDS)
    os.environ.update({**context.environment, "POSEQUEUE_SEGMENT_S": length})
    with System(context.scratch / name, processes=1, say=lambda _line: None) as system:
        for _ in range(processes - 1):
            # in a session of its own: on a busy machine Linux shares by sessions (sched_autogroup)
            worker = system.start_worker()
            worker.wait_until(lambda: len(_alive(system)) == processes, 90, "the worker")
        yield system


def _alive(system: System) -> list[str]:
    alive = system.stores.workers.alive()
    return [worker.name for worker in alive if "pose.cpu" in worker.queues]


def segments(context: Context) -> Section:
    """The section `segments`."""
    seconds, fps = (QUICK_S, QUICK_FPS) if context.quick else (LONG_S, None)
    clip = _film(context, seconds, fps)
    with _system(context, "one", 1) as one, _system(context, "two", 2) as two:
        runs: dict[str, Callable[[], Run]] = {}
        for name, system in (("one", one), ("two", two)):
            with Client(system) as client:  # models are warm, everything was imported
                client.finish(client.create(client.upload(context.one_frame)))
            runs[name] = lambda system=system: _timed(system, clip)  # type: ignore[misc]
        context.say(f"a video of {seconds:g} s on one process and on two, in turns")
        found = in_turns(context.rounds(3, 1), runs)
    both = list(zip(found["one"], found["two"], strict=True))
    rows = [
        row("one worker process, submit to `done`", spread([r.done_s for r in found["one"]]), "s"),
        row("two worker processes", spread([r.done_s for r in found["two"]]), "s"),
        row("**two over one**", spread([b.done_s / a.done_s for a, b in both]), "", "≤ 0.6"),
        row("processor time of the job, two over one",
            spread([b.compute_s / a.compute_s for a, b in both]), ""),
        row("submit to the first message, two", spread([r.first_s for r in found["two"]]),
            "s"),
        Row("reps", " · ".join(sorted({str(r.count) for r in (*found["one"], *found["two"])}))),
    ]  # fmt: skip
    length = QUICK_SEGMENT_S if context.quick else SEGMENT_SECONDS
    note = (
        f"{context.note} Repeated to {seconds:g} s, 480 pixels wide, "
        f"{fps or context.media.fps:g} fps; segments of {length} s. Two systems, each "
        "idle while the other works; each worker has a session of its own and infers on one thread."
    )
    return Section("segments", "A long video on several workers", tuple(rows), (note,))


def _timed(system: System, clip: Path) -> Run:
    with Client(system) as client:
        upload = client.upload(clip)
        times = client.timed(upload, _TIMEOUT_S, exercise=EXERCISE)
        job = max(
            (system.stores.jobs.get(j) for j in _jobs(system)), key=lambda found: found.createdAt
        )
    assert job.result is not None
    return Run(times.first_s, times.done_s, job.usage.computeSeconds, job.result.count)


def _jobs(system: System) -> list[str]:
    rows = system.stores.jobs.page("local", limit=5)
    return [job_id for _, job_id, _ in rows]


def memory(context: Context) -> Section:
    """The section `memory`."""
    fps = QUICK_FPS if context.quick else None
    clips = {"short": _film(context, SHORT_S, fps), "long": _film(context, LONG_S, fps)}
    peaks: dict[str, float] = {}
    logs: dict[str, Path] = {}
    with _system(context, "memory", 1) as system, Client(system) as client:
        for name, clip in clips.items():
            context.say(f"the {name} clip, and the worker's peak after it")
            job_id = client.create(
                client.upload(clip), exercise=EXERCISE, keypoints=True, angles=True,
                progression=True,
            )  # fmt: skip
            client.finish(job_id, _TIMEOUT_S)
            peaks[name] = max(map(_peak_mb, _children(system.workers[0].pid)))
            logs[name] = context.scratch / f"{name}.poses"
            logs[name].write_bytes(b"".join(map(framed, system.stores.poses.read(job_id))))
    exports = {name: _export_mb(context, clips[name], logs[name]) for name in clips}
    frames = {name: _frames(log) for name, log in logs.items()}
    rows: list[Row] = []
    for what, found in (("worker process", peaks), ("`analyze --poses --export`", exports)):
        ratio = found["long"] / found["short"]
        rows += [
            Row(f"{what}, peak RSS after {SHORT_S:g} s of video", f"{found['short']:.0f} MB"),
            Row(f"· after {LONG_S:g} s", f"{found['long']:.0f} MB"),
            Row("· **ratio**", f"{ratio:.3f}", aim="≤ 1.10"),
        ]
    note = (
        f"{context.note} Repeated, 480 pixels wide, {fps or context.media.fps:g} fps: "
        f"{frames['short']} and {frames['long']} frames, with keypoints, angles and progression. "
        "The worker is one process that has the short job first; the export is a process for each, "
        "the largest of it and its ffmpeg children (ru_maxrss)."
    )
    return Section("memory", "Memory for a long video", tuple(rows), (note,))


def _children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _export_mb(context: Context, clip: Path, log: Path) -> float:
    out = context.scratch / "peak.mp4"
    command = context.analyze(clip, "--poses", log, "--export", out)
    return statistics.median(
        process_cost(command, context.environment).peak_mb for _ in range(context.rounds(3, 1))
    )


def _frames(log: Path) -> int:
    entries = split_log(log.read_bytes())
    head: LogHead = decode_head(entries[0])
    assert head.segment_s
    last = decode_chunk(entries[-2])
    return last.first + len(last)
