"""Media seconds per second of the clock: `analyze`, and the system with several jobs at once."""

from __future__ import annotations

import time

from tests.bench.client import Client
from tests.bench.context import EXERCISE, PROCESSES, Context
from tests.bench.measure import in_turns, process_cost, spread
from tests.bench.report import Section, row

JOBS = 4


def measure(context: Context) -> Section:
    """The section `throughput`."""
    media_s = context.media.duration_ms / 1000
    env = context.environment
    context.say("analyze with 1 and with 2 threads in turns")
    walls = in_turns(
        context.rounds(2),
        {
            count: lambda count=count: (
                process_cost(  # type: ignore[misc]
                    context.analyze(context.clip, "--threads", count), env
                ).wall_s
            )
            for count in ("1", "2")
        },
    )
    rows = [
        row(f"`analyze --threads {count}`", spread([media_s / s for s in seconds]), "media-s/s")
        for count, seconds in walls.items()
    ]
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
