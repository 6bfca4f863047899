"""Event streams to many clients: messages a second to 100, memory of 1,000 that wait."""

from __future__ import annotations

import asyncio
import itertools
import time
from urllib.parse import urlsplit

from tests.bench.context import Context
from tests.bench.measure import spread
from tests.bench.processes import api_pid, cpu_s, memory_kib
from tests.bench.report import Row, Section, row
from worker.contract.examples import EXAMPLES
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import Counter, Entry, encode
from worker.contract.options import JobOptions
from worker.contract.plans import Plan
from worker.embedded.stack import TENANT, System
from worker.lifecycle.completion import complete_job

CLIENTS = 100
WAITING = 1000
_numbers = itertools.count(1)


def measure(context: Context) -> Section:
    """The section `tails`."""
    system = context.system
    context.say(f"{CLIENTS} clients of one job")
    count = context.rounds(4000, 800)
    runs = [asyncio.run(_fan_out(system, count)) for _ in range(context.rounds(5, 2))]
    rows: list[Row] = [
        row(f"`counter` messages to {CLIENTS} clients of one job, in all", spread(
            [rate for rate, _ in runs]), "messages/s", digits=0),
        row("· API process", spread([used for _, used in runs]), "CPU-µs/message", digits=1),
    ]  # fmt: skip
    context.say(f"{WAITING} clients that wait")
    kilobytes, connections = asyncio.run(_waiting(system))
    rows.append(row("memory of the API a client that waits", spread([kilobytes]), "KiB", digits=0))
    text = f"connections to Redis of the API with {WAITING} clients that wait"
    rows.append(row(text, spread([connections]), "", digits=0))
    size = len(encode(EXAMPLES["counter"]))
    notes = (
        f"{count} messages of ~{size} bytes, committed 60 at a time while the clients read; from "
        "the first commit until the last client has `done`. The clients are one more process on "
        "the same cores.",
    )
    return Section("tails", "Event streams to many clients", tuple(rows), notes)


def _job(system: System) -> tuple[Job, int]:
    """A running job of nobody, and the token of its lease."""
    stores = system.stores
    job = Job(
        id=f"job_bench_tail_{next(_numbers)}", tenant=TENANT, plan=Plan.DEVELOPER,
        status=JobStatus.QUEUED, source="video", input=JobInput(url="http://none.example"),
        options=JobOptions(), createdAt=stores.jobs.now(),
    )  # fmt: skip
    stores.jobs.create_all([job])
    return job, stores.leases.claim(job.id).token


def _key(system: System) -> str:
    """A key of a plan that allows any number of open streams."""
    return system.stores.keys.create(TENANT, Plan.COMPANY)


_writers: list[asyncio.StreamWriter] = []
"""Kept, as one that is collected closes its connection."""


async def _open(system: System, key: str, job_id: str) -> asyncio.StreamReader:
    place = urlsplit(system.address.server)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    lines = [
        f"GET /v1/jobs/{job_id}/messages HTTP/1.1", f"Host: {place.netloc}",
        "Accept: text/event-stream", f"Authorization: Bearer {key}", "", "",
    ]  # fmt: skip
    _writers.append(writer)
    writer.write("\r\n".join(lines).encode())
    await reader.readuntil(b": connected\n\n")
    return reader


async def _to_done(reader: asyncio.StreamReader) -> int:
    """Messages up to `done`."""
    heard, tail = 0, b""
    while data := await reader.read(1 << 16):
        text = tail + data
        heard += text.count(b"event: ") - tail.count(b"event: ")
        tail = text[-7:]
        if b"event: done" in text:
            break
    return heard


async def _fan_out(system: System, count: int) -> tuple[float, float]:
    job, token = _job(system)
    key = _key(system)
    readers = await asyncio.gather(*(_open(system, key, job.id) for _ in range(CLIENTS)))
    pid = api_pid(system)
    used, began = cpu_s(pid), time.monotonic()
    listening = asyncio.gather(*map(_to_done, readers))
    entries = [Entry(f"{n}-1", Counter(current_count=n)) for n in range(1, count + 1)]

    def speak() -> None:
        for start in range(0, count, 60):
            system.stores.leases.commit(job.id, token, entries[start : start + 60])
        complete_job(system.stores, job, token, JobStatus.SUCCEEDED)

    await asyncio.to_thread(speak)
    if set(heard := await listening) != {count + 1}:
        raise RuntimeError(f"{min(heard)} to {max(heard)} of {count + 1} messages came")
    total = sum(heard)
    seconds, cpu = time.monotonic() - began, cpu_s(pid) - used
    return total / seconds, cpu / total * 1e6


def _keep(system: System, jobs: list[tuple[Job, int]]) -> None:
    for job, token in jobs:
        system.stores.leases.extend(job.id, token)


async def _waiting(system: System) -> tuple[float, float]:
    jobs = [_job(system) for _ in range(10)]
    pid = api_pid(system)
    before = memory_kib(pid)
    clients = int(system.stores.redis.info("clients")["connected_clients"])
    places = [jobs[number % len(jobs)][0].id for number in range(WAITING)]
    readers, key = [], _key(system)
    for number, job_id in enumerate(places):
        readers.append(await _open(system, key, job_id))
        if number % 20 == 0:  # on a busy machine this takes longer than a lease lasts
            await asyncio.to_thread(_keep, system, jobs)
    await asyncio.sleep(2)
    await asyncio.to_thread(_keep, system, jobs)
    grown = (memory_kib(pid) - before) / WAITING
    more = int(system.stores.redis.info("clients")["connected_clients"]) - clients
    for job, token in jobs:
        await asyncio.to_thread(complete_job, system.stores, job, token, JobStatus.SUCCEEDED)
    await asyncio.gather(*map(_to_done, readers))
    return grown, float(more)
