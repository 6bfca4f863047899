"""CPU cost of `analyze` over what cannot be avoided: bare decoding and bare model calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from tests.bench.context import EVERY_FRAME, Context
from tests.bench.instrumented import CHILDREN, DETECT, ESTIMATE
from tests.bench.measure import in_turns, process_cost, spread
from tests.bench.report import Row, Section, row
from worker.media.probing.ffmpeg_tools import find_tools

DECODE = "bare decode within ffmpeg"


def measure(context: Context) -> Section:
    """The section `analyze`."""
    folder = _instrumented(context, context.clip, "clip")
    alone = _instrumented(context, context.one_frame, "frame")
    env = context.environment
    job = context.analyze(context.clip, "--threads", "1", *EVERY_FRAME)
    frame = context.analyze(context.one_frame, "--threads", "1")
    program, clip = str(find_tools().ffmpeg), str(context.clip)
    decode = [program, "-v", "error", "-nostdin", "-threads", "1", "-i", clip,
              "-map", "0:v:0", "-f", "null", "-"]  # fmt: skip
    context.say("analyze, one frame, bare decode and bare model calls in turns")
    runs = in_turns(
        context.rounds(3),
        {
            "job": lambda: process_cost(job, env).cpu_s,
            "frame": lambda: process_cost(frame, env).cpu_s,
            "decode": lambda: process_cost(decode).cpu_s,
            "calls": lambda: _bare_calls(context, folder),
        },
    )
    whole = zip(runs["job"], runs["frame"], runs["decode"], runs["calls"], strict=True)
    ratios = [(j - f) / (d + c) for j, f, d, c in whole]
    rows = (
        row("`analyze --threads 1`, whole", spread(runs["job"]), "CPU-s"),
        row("start-up: the same on one frame", spread(runs["frame"]), "CPU-s", "≤ 0.8"),
        row("bare decode by ffmpeg, 1 thread", spread(runs["decode"]), "CPU-s"),
        row("bare model calls", spread(runs["calls"]), "CPU-s"),
        row("**(whole - start-up) / (decode + calls)**", spread(ratios), "", "≤ 1.10", 3),
    )
    parts = _parts(folder, alone, spread(runs["decode"]).median)
    notes = (context.note, f"Model calls of the job: {_calls(folder)}.", _PARTS_NOTE)
    title = "CPU cost of analyze over bare decoding and bare model calls"
    return Section("analyze", title, rows + parts, notes)


_PARTS_NOTE = (
    "The parts are of one more run with timers in it, less the same run on one frame; a share is "
    "of its own calls and the bare decode. That ratio does not suffer from the noise between "
    "processes (5 to 10 % on a shared machine), but takes the calls as they are within the job."
)


def _instrumented(context: Context, clip: Path, name: str) -> Path:
    context.say(f"timing the parts of a job ({name})")
    folder = context.scratch / f"parts-{name}"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.bench.instrumented", str(clip), str(folder)]
    process_cost(command, context.environment)
    return folder


def _bare_calls(context: Context, folder: Path) -> float:
    import os

    command = [sys.executable, "-m", "tests.bench.bare_calls", str(folder)]
    env = {**os.environ, **context.environment}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
    return float(done.stdout)


def _calls(folder: Path) -> str:
    with np.load(folder / "calls.npz") as stored:
        shapes = Counter((key[6:], stored[key].shape) for key in stored.files)
    return ", ".join(
        f"{count} {model} of {'x'.join(map(str, shape))}"
        for (model, shape), count in sorted(shapes.items())
    )


def _parts(folder: Path, alone: Path, decode_s: float) -> tuple[Row, ...]:
    whole, start = (json.loads((f / "parts.json").read_text()) for f in (folder, alone))
    # models are loaded before the timers start, so what one frame costs is its share of start-up
    net = {name: used - start.get(name, 0.0) for name, used in whole.items()}
    bare_s = net[DETECT] + net[ESTIMATE] + decode_s
    within = Row("the same within one run: all parts / (its own calls + decode)",
                 f"{sum(net.values()) / bare_s:.3f}", "", "1", "≤ 1.10")  # fmt: skip
    net[DECODE] = decode_s
    net[CHILDREN] -= decode_s
    order = sorted(net, key=lambda name: (name not in (DETECT, ESTIMATE), -net[name]))
    labels = {CHILDREN: "ffmpeg beyond bare decode (scale, RGB, pipe)"}
    return within, *(
        Row(
            f"· {labels.get(name, name)}",
            f"{net[name]:.2f} CPU-s",
            f"{net[name] / bare_s:.1%}",
            "1",
        )
        for name in order
    )
