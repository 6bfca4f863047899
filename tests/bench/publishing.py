"""Messages published per second: fenced commits as a job makes them, beside bare XADD."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.context import EXERCISE, Context
from tests.bench.measure import in_turns, spread
from tests.bench.report import Row, Section, row
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import Entry, encode, type_of
from worker.contract.options import Firehose, JobOptions
from worker.contract.plans import Plan
from worker.contract.pose_log import split_log
from worker.pipeline.pipeline import Pipeline
from worker.storage import keys
from worker.storage.stores import Stores

FRAMES = 60
"""Frames of a chunk at 30 fps: a commit."""
_numbers = itertools.count()


Way = Callable[[Stores, list[list[Entry]]], Callable[[], None]]


@dataclass(frozen=True)
class Sent:
    """What a round sent: messages a second, CPU microseconds a message of client and server."""

    rate: float
    client_us: float
    server_us: float


def measure(context: Context) -> Section:
    """The section `publishing`."""
    chunks = _chunks(context, context.rounds(60, 10))
    stores = context.system.stores
    context.say("commits and bare XADD in turns")
    ways: dict[str, Way] = {
        "commit as the runner does (`events`), encoding included": _commits("events"),
        "commit to the job's stream alone (`none`)": _commits("none"),
        "commit to the job's stream and the firehose (`all`)": _commits("all"),
        "bare pipelined XADD of the same bytes": _bare,
    }
    runs = in_turns(
        context.rounds(7, 3),
        {name: (lambda way=way: _timed(stores, chunks, way)) for name, way in ways.items()},  # type: ignore[misc]
    )
    rows: list[Row] = []
    for name, sent in runs.items():
        rows.append(row(name, spread([s.rate for s in sent]), "messages/s", digits=0))
        rows.append(row("· client", spread([s.client_us for s in sent]), "CPU-µs/message"))
        rows.append(row("· server", spread([s.server_us for s in sent]), "CPU-µs/message"))
    first, *_, last = runs.values()
    ratios = [a.rate / b.rate for a, b in zip(first, last, strict=True)]
    rows.append(row("commit over bare XADD, messages/s", spread(ratios), ""))
    size = sum(len(encode(e.message)) for chunk in chunks for e in chunk)
    count = sum(map(len, chunks))
    notes = (
        f"{len(chunks)} chunks of {FRAMES} frames with `keypoints` and `angles` "
        f"({count} messages of {size / count:.0f} bytes on average) a round; one connection, "
        "append-only file on, fsync every second.",
    )
    return Section("publishing", "Messages published", tuple(rows), notes)


def _chunks(context: Context, wanted: int) -> list[list[Entry]]:
    """Chunks of the clip's own messages, its frames again and again under rising ids."""
    options = JobOptions(exercise=EXERCISE, keypoints=True, angles=True)
    pipeline = Pipeline(None, options, None, split_log(context.pose_log.read_bytes()))
    messages = [entry.message for step in pipeline.steps() for entry in step.entries]
    pairs = [m for m in messages if type_of(m) in ("keypoints", "angles")]
    endless = itertools.cycle(pairs)
    places = itertools.count(1)
    return [
        [Entry(f"{place}-{n}", next(endless)) for place in itertools.islice(places, FRAMES)
         for n in (1, 2)]
        for _ in range(wanted)
    ]  # fmt: skip


def _commits(firehose: Firehose) -> Way:
    def way(stores: Stores, chunks: list[list[Entry]]) -> Callable[[], None]:
        job_id, token = _claimed(stores, firehose)

        def run() -> None:
            for chunk in chunks:
                stores.leases.commit(job_id, token, chunk, fields={"progress": 0.5})

        return run

    return way


def _bare(stores: Stores, chunks: list[list[Entry]]) -> Callable[[], None]:
    key = keys.messages(_new_id())
    ready = [
        [(entry.id, {"type": type_of(entry.message), "data": encode(entry.message)})
         for entry in chunk]
        for chunk in chunks
    ]  # fmt: skip

    def run() -> None:
        for rows in ready:
            with stores.redis.pipeline(transaction=False) as pipe:
                for entry_id, fields in rows:
                    pipe.xadd(key, fields, id=entry_id)
                pipe.execute()

    return run


def _new_id() -> str:
    return f"job_bench_{next(_numbers)}"


def _claimed(stores: Stores, firehose: Firehose) -> tuple[str, int]:
    job = Job(
        id=_new_id(), tenant="bench", plan=Plan.COMPANY, status=JobStatus.QUEUED, source="video",
        input=JobInput(url="http://none.example"), options=JobOptions(firehose=firehose),
        createdAt=stores.jobs.now(),
    )  # fmt: skip
    stores.jobs.create_all([job])
    return job.id, stores.leases.claim(job.id).token


def _timed(
    stores: Stores,
    chunks: list[list[Entry]],
    way: Callable[[Stores, list[list[Entry]]], Callable[[], None]],
) -> Sent:
    run = way(stores, chunks)
    before, used, began = _server_s(stores), time.process_time(), time.monotonic()
    run()
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - used
    server_s = _server_s(stores) - before
    count = sum(map(len, chunks))
    last = f"job_bench_{next(_numbers) - 1}"
    stores.redis.delete(*keys.of_job(last))
    stores.redis.zrem(keys.RUNNING, last)
    return Sent(count / wall_s, cpu_s / count * 1e6, server_s / count * 1e6)


def _server_s(stores: Stores) -> float:
    info = stores.redis.info("cpu")
    return float(info["used_cpu_sys"]) + float(info["used_cpu_user"])
