"""Media seconds per second of the clock: `analyze`, and the system with several jobs at once."""

from __future__ import annotations

import time

from tests.bench.client import Client
from tests.bench.context import EXERCISE, PROCESSES, Context
from tests.bench.measure import Cost, in_turns, process_cost, spread
from tests.bench.report import Row, Section, row

JOBS = 4


def measure(context: Context) -> Section:
    """The section `throughput`."""
    media_s = context.media.duration_ms / 1000
    env = context.environment
    context.say("analyze with 1 and with 2 threads in turns")

    def run(count: str) -> Cost:
        return process_cost(context.analyze(context.clip, "--threads", count), env)

    costs = in_turns(context.rounds(2), {"1": lambda: run("1"), "2": lambda: run("2")})
    rows: list[Row] = []
    for count, runs in costs.items():
        speed, used = [media_s / c.wall_s for c in runs], [c.cpu_s / media_s for c in runs]
        rows.append(row(f"`analyze --threads {count}`", spread(speed), "media-s/s"))
        rows.append(row("· processor time, start-up included", spread(used), "CPU-s/media-s"))
    jobs = context.rounds(JOBS, 2)
    with Client(context.system) as client:
        upload = client.upload(context.clip)
        client.finish(client.create(upload_id := client.upload(context.one_frame)))
        client.finish(client.create(upload_id))
        context.say(f"{jobs} jobs at once")
        began = time.monotonic()
        for job_id in [client.create(upload, exercise=EXERCISE) for _ in range(jobs)]:
            client.finish(job_id)
        together = jobs * media_s / (time.monotonic() - began)
    label = f"system, {PROCESSES} worker processes, {jobs} jobs at once (submit to last `done`)"
    rows.append(row(label, spread([together]), "media-s/s"))
    return Section("throughput", "Media seconds per second", tuple(rows), (context.note,))
