"""From submitting a one-frame clip to its messages, beside a no-op task on the same broker."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Sequence

from tests.bench import noop
from tests.bench.client import Client, JobFailed
from tests.bench.context import EXERCISE, PROCESSES, Context
from tests.bench.measure import percentile
from tests.bench.report import Row, Section
from worker.embedded.processes import Process

_WARM = 6
_numbers = itertools.count()


def measure(context: Context) -> Section:
    """The section `latency`."""
    system, jobs = context.system, context.rounds(60, 10)
    command = [sys.executable, "-m", "celery", "-A", "tests.bench.noop", "worker", "-P", "prefork",
               "-c", str(PROCESSES), "-Q", noop.QUEUE, "--without-gossip", "--without-mingle",
               "-l", "WARNING", "-n", "bench-noop@%h"]  # fmt: skip
    log = context.scratch / "noop.log"
    with Process(command, log, system.environment) as _, Client(system) as client:
        upload = client.upload(context.one_frame)
        _round_trip(client, timeout_s=60)
        for _turn in range(_WARM):
            client.timed(upload, exercise=EXERCISE)
            _round_trip(client)
        context.say(f"{jobs} one-frame jobs and no-op tasks in turns")
        turns = [
            (client.timed(upload, exercise=EXERCISE), _round_trip(client)) for _ in range(jobs)
        ]
    times = [turn[0] for turn in turns]
    empty = [turn[1] for turn in turns]
    done = [t.done_s for t in times]
    rows = (
        _row("`POST /v1/jobs` to its answer", [t.answered_s for t in times]),
        _row("submit to first message in the Redis stream", [t.first_s for t in times]),
        _row("submit to `done`", done),
        _row("no-op Celery task, send to answer", empty),
        _row(
            "submit to `done`, less the no-op beside it",
            [d - e for d, e in zip(done, empty, strict=True)],
        ),
    )
    notes = (
        "One frame of the clip, already uploaded, through API, broker, worker and stream; one job "
        "at a time. The value is the median, the range p50 - p99 by nearest rank.",
    )
    return Section("latency", "Latency of a one-frame job", rows, notes)


def _round_trip(client: Client, timeout_s: float = 10) -> float:
    reply = f"bench:reply:{next(_numbers)}"
    began = time.monotonic()
    noop.app.send_task(noop.TASK, args=[reply], queue=noop.QUEUE)
    if client.redis.blpop([reply], timeout=timeout_s) is None:
        raise JobFailed(f"the no-op task did not answer within {timeout_s:g} s")
    return time.monotonic() - began


def _row(what: str, seconds: Sequence[float]) -> Row:
    half, most = (percentile(seconds, share) * 1000 for share in (0.5, 0.99))
    return Row(what, f"{half:.0f} ms", f"p50 {half:.0f} - p99 {most:.0f} ms", str(len(seconds)))
