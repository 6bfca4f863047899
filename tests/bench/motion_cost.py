"""Cost of the analysis alone: a recorded pose log to encoded messages, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.bench.context import EXERCISE, HOLD, JUMP, Context
from tests.bench.measure import Cost, function_cost, in_turns, process_cost, spread
from tests.bench.report import Row, Section, row
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.contract.pose_log import END, framed, split_log
from worker.contract.poses import decode_chunk, decode_head, encode_chunk, encode_head
from worker.pipeline.pipeline import Pipeline

TIMES = 60
"""How often the clip's poses follow each other in the long log: 12 minutes of 12 seconds."""

OPTIONS = {
    "exercise alone": JobOptions(exercise=EXERCISE),
    "with keypoints and angles": JobOptions(exercise=EXERCISE, keypoints=True, angles=True),
    "every option on": JobOptions(
        exercise=EXERCISE, keypoints=True, angles=True, progression=True, recommendations=True
    ),
}
_AIMS = {"exercise alone": "≥ 500", "with keypoints and angles": "≥ 800"}
FLAGS = ("--keypoints", "--angles", "--progression", "--recommendations")


def replay(log: list[bytes], options: JobOptions) -> int:
    """Analyses a log and encodes every message; the number of frames."""
    pipeline = Pipeline(None, options, None, log)
    for step in pipeline.steps():
        for entry in step.entries:
            encode(entry.message)
    return pipeline.frames


def lengthened(log: list[bytes], times: int) -> list[bytes]:
    """The log of a clip that shows what the log's own shows, so many times over."""
    head, chunks = decode_head(log[0]), [decode_chunk(entry) for entry in log[1:-1]]
    media = msgspec.structs.replace(head.media, duration_ms=head.media.duration_ms * times)
    frames, span_us = sum(map(len, chunks)), round(head.media.duration_ms * 1000)
    again = (
        replace(
            chunk,
            index=chunk.index + turn * len(chunks),
            first=chunk.first + turn * frames,
            times_us=chunk.times_us + turn * span_us,
        )
        for turn in range(times)
        for chunk in chunks
    )
    whole = msgspec.structs.replace(head, media=media)
    return [encode_head(whole), *map(encode_chunk, again), END]


def measure(context: Context) -> Section:
    """The section `motion`."""
    log = split_log(context.pose_log.read_bytes())
    media_s = context.media.duration_ms / 1000
    frames = replay(log, OPTIONS["exercise alone"])
    context.say("re-analysis with each set of options in turns")
    runs = in_turns(
        context.rounds(41, 9),
        {
            name: (lambda options=options: function_cost(lambda: replay(log, options)))  # type: ignore[misc]
            for name, options in OPTIONS.items()
        },
    )
    rows = [
        row(name, spread([c.cpu_s / frames * 1e3 for c in costs]), "CPU-ms/frame",
            "≤ 0.3" if name == "every option on" else "", digits=3)
        for name, costs in runs.items()
    ]  # fmt: skip
    for name, costs in runs.items():
        rows += _speeds(f"re-analysis, {name}", media_s, costs, _AIMS.get(name, ""))
    rows += [*_twelve_minutes(context, log), *_others(context), *_processes(context, log, media_s)]
    notes = (
        f"{context.note} {frames} frames, pose log to encoded messages.",
        "Re-analysis is one thread in a running process; where others use the machine's cores its "
        "processor time tells what it takes, the clock how long it waits besides.",
    )
    return Section("motion", "Cost of the analysis alone", tuple(rows), notes)


def _others(context: Context) -> list[Row]:
    """A hold and jumps, in a running process, a minute of them."""
    rows: list[Row] = []
    for clip, exercise in ((HOLD, "plank"), (JUMP, "air_time_jump")):
        log = split_log(context.poses_of(clip, exercise).read_bytes())
        log = lengthened(log, round(60_000 / decode_head(log[0]).media.duration_ms))
        media_s = decode_head(log[0]).media.duration_ms / 1000
        options = JobOptions(exercise=exercise)
        costs = [
            function_cost(lambda log=log, options=options: replay(log, options))  # type: ignore[misc]
            for _ in range(context.rounds(15, 5))
        ]
        rows += _speeds(f"re-analysis, {exercise} alone", media_s, costs, "≥ 500")
    return rows


def _twelve_minutes(context: Context, log: list[bytes]) -> list[Row]:
    """The clip's poses TIMES over, in a running process."""
    log = lengthened(log, TIMES)
    media_s = decode_head(log[0]).media.duration_ms / 1000
    context.say(f"re-analysis of {media_s / 60:.0f} minutes in turns")
    runs = in_turns(
        context.rounds(5, 1),
        {
            name: (lambda options=OPTIONS[name]: function_cost(lambda: replay(log, options)))  # type: ignore[misc]
            for name in _AIMS
        },
    )
    what = f"re-analysis of {media_s / 60:.0f} minutes"
    return [
        line
        for name, costs in runs.items()
        for line in _speeds(f"{what}, {name}", media_s, costs, _AIMS[name])
    ]


def _speeds(what: str, media_s: float, costs: Sequence[Cost], aim: str) -> list[Row]:
    return [
        row(f"{what}, media-s per CPU-s", spread([media_s / c.cpu_s for c in costs]), "", aim,
            digits=0),
        row("· by the clock", spread([media_s / c.wall_s for c in costs]), "x real time", digits=0),
    ]  # fmt: skip


def _processes(context: Context, log: list[bytes], media_s: float) -> list[Row]:
    """The command itself, on the clip's log and on a long one."""
    long = context.scratch / "long.poses"
    long.write_bytes(b"".join(map(framed, lengthened(log, TIMES))))
    context.say("analyze --poses on a short and on a long log in turns")

    def run(poses: Path, *flags: str) -> Cost:
        return process_cost(context.analyze("--poses", poses, *flags), context.environment)

    runs = in_turns(
        3,
        {
            "short": lambda: run(context.pose_log, *FLAGS),
            "long": lambda: run(long),
            "long, joints": lambda: run(long, *FLAGS[:2]),
            "long, all": lambda: run(long, *FLAGS),
        },
    )
    what = "`analyze --poses` from the start of the process"
    minutes = f"{media_s * TIMES / 60:.0f} minutes (the clip's poses {TIMES} times over)"
    return [
        row(f"{what}, every option on", spread([media_s / c.wall_s for c in runs["short"]]),
            "x real time", digits=1),
        row(f"{what}, every option on", spread([c.wall_s for c in runs["short"]]), "s"),
        *(
            line
            for name, options, aim in (
                ("long", "exercise alone", "≥ 500"),
                ("long, joints", "with keypoints and angles", ""),
                ("long, all", "every option on", ""),
            )
            for line in (
                row(f"{what}, {minutes}, {options}",
                    spread([media_s * TIMES / c.wall_s for c in runs[name]]), "x real time", aim,
                    digits=0),
                row("· media-s per CPU-s",
                    spread([media_s * TIMES / c.cpu_s for c in runs[name]]), "", digits=0),
            )
        ),
    ]  # fmt: skip
