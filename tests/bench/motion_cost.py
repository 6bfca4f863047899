"""Cost of the analysis alone: a recorded pose log to encoded messages, without a model."""

from __future__ import annotations

from tests.bench.context import EXERCISE, Context
from tests.bench.measure import function_cost, in_turns, process_cost, spread
from tests.bench.report import Section, row
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.contract.pose_log import split_log
from worker.pipeline import Pipeline

EVERYTHING = JobOptions(
    exercise=EXERCISE, keypoints=True, angles=True, progression=True, recommendations=True
)
LEAST = JobOptions(exercise=EXERCISE)


def replay(log: list[bytes], options: JobOptions) -> int:
    """Analyses a log and encodes every message; the number of frames."""
    pipeline = Pipeline(None, options, None, log)
    for step in pipeline.steps():
        for entry in step.entries:
            encode(entry.message)
    return pipeline.frames


def measure(context: Context) -> Section:
    """The section `motion`."""
    log = split_log(context.pose_log.read_bytes())
    media_s = context.media.duration_ms / 1000
    frames = replay(log, EVERYTHING)
    command = context.analyze("--poses", context.pose_log)
    options = ("--keypoints", "--angles", "--progression", "--recommendations")
    context.say("re-analysis with all and with no options in turns")
    runs = in_turns(
        context.rounds(15, 5),
        {
            "all": lambda: function_cost(lambda: replay(log, EVERYTHING)),
            "least": lambda: function_cost(lambda: replay(log, LEAST)),
        },
    )
    whole = [process_cost([*command, *options], context.environment) for _ in range(3)]
    rows = (
        row("every option on", spread([c.cpu_s / frames * 1e3 for c in runs["all"]]),
            "CPU-ms/frame", digits=3),
        row("exercise alone", spread([c.cpu_s / frames * 1e3 for c in runs["least"]]),
            "CPU-ms/frame", digits=3),
        row("re-analysis in a running process, every option on",
            spread([media_s / c.wall_s for c in runs["all"]]), "x real time", digits=0),
        row("`analyze --poses` from the start of the process",
            spread([media_s / c.wall_s for c in whole]), "x real time", digits=1),
        row("`analyze --poses` from the start of the process",
            spread([c.wall_s for c in whole]), "s"),
    )  # fmt: skip
    note = f"{context.note} {frames} frames, pose log to encoded messages."
    return Section("motion", "Cost of the analysis alone", rows, (note,))
