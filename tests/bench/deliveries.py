"""Webhooks: deliveries a second to one and to 50 receivers, and how long an event is on its way."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import time
from collections.abc import Iterator

import httpx

from tests.bench.context import Context
from tests.bench.measure import percentile, spread
from tests.bench.processes import cpu_s
from tests.bench.report import Row, Section, row
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import Counter, Entry
from worker.contract.options import JobOptions
from worker.contract.plans import Plan
from worker.embedded.processes import Process
from worker.embedded.stack import System
from worker.lifecycle.completion import complete_job

RECEIVERS = 50
EVENT = "message.counter"
_PACE_S = 0.05
_numbers = itertools.count(1)


class Receivers:
    """The receivers' process, and what they have had."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{ports[0]}", timeout=30)

    @property
    def count(self) -> int:
        """Events since `forget`."""
        return int(self._http.get("/count").json())

    @property
    def times(self) -> dict[str, float]:
        """Unix time by entry id."""
        return dict(self._http.get("/times").json())

    def forget(self) -> None:
        """From zero again."""
        self._http.get("/forget")

    def until(self, count: int, timeout_s: float = 300) -> None:
        """Waits until so many have come; raises RuntimeError."""
        end = time.monotonic() + timeout_s
        while self.count < count:
            if time.monotonic() > end:
                raise RuntimeError(f"{self.count} of {count} events came")
            time.sleep(0.02)


@contextlib.contextmanager
def receivers(context: Context) -> Iterator[Receivers]:
    """The receivers, until the end of the block."""
    command = [sys.executable, "-m", "tests.bench.receiver", str(RECEIVERS)]
    log = context.scratch / "receivers.log"
    with Process(command, log) as process:
        process.wait_until(lambda: log.read_bytes().endswith(b"\n"), 60, "the receivers")
        yield Receivers(json.loads(log.read_text()))


def measure(context: Context) -> Section:
    """The section `deliveries`."""
    system = context.system
    pid = system.workers[1].pid
    rows: list[Row] = []
    with receivers(context) as heard:
        for count, jobs, messages in ((1, 100, 20), (RECEIVERS, 10, 4)):
            context.say(f"deliveries to {count} receivers")
            tenant = _tenant(system, heard, count)
            events = jobs * messages * count
            runs = []
            for _ in range(context.rounds(5, 2)):
                heard.forget()
                used, began = cpu_s(pid), time.monotonic()
                for _ in range(jobs):
                    _speak(system, tenant, messages)
                heard.until(events)
                runs.append((events / (time.monotonic() - began), (cpu_s(pid) - used) / events))
            rows.append(row(f"deliveries to {count} receiver{'s' * (count > 1)}",
                            spread([rate for rate, _ in runs]), "a second", digits=0))  # fmt: skip
            rows.append(row("· the worker", spread([cpu * 1e6 for _, cpu in runs]),
                            "CPU-µs/delivery", digits=0))  # fmt: skip
        context.say("one event after the other")
        rows += _latency(system, heard, context.rounds(200, 40))
    notes = (
        "One webhook worker of 32 threads, which reads the firehose, signs, sends and keeps a "
        f"record of every delivery; 100 jobs of 20 `{EVENT}` for one receiver, 10 of 4 for "
        f"{RECEIVERS}, from the first commit until the last is taken. Receivers, Redis and the "
        "jobs' worker share the cores. On its way: one event every "
        f"{_PACE_S * 1000:.0f} ms, from before its commit until the receiver has it.",
    )
    return Section("deliveries", "Webhook deliveries", tuple(rows), notes)


def _tenant(system: System, heard: Receivers, count: int) -> str:
    """A tenant with as many receivers."""
    tenant = f"bench{next(_numbers)}"
    for port in heard.ports[:count]:
        system.stores.endpoints.create(tenant, f"http://127.0.0.1:{port}/", [EVENT])
    return tenant


def _begun(system: System, tenant: str) -> tuple[Job, int]:
    """A running job, and the token of its lease."""
    stores = system.stores
    job = Job(
        id=f"job_bench_hook_{next(_numbers)}", tenant=tenant, plan=Plan.DEVELOPER,
        status=JobStatus.QUEUED, source="video", input=JobInput(url="http://none.example"),
        options=JobOptions(), createdAt=stores.jobs.now(),
    )  # fmt: skip
    stores.jobs.create_all([job])
    return job, stores.leases.claim(job.id).token


def _speak(system: System, tenant: str, messages: int) -> None:
    """A job that says everything at once and ends."""
    job, token = _begun(system, tenant)
    entries = [Entry(f"{n}-1", Counter(current_count=n)) for n in range(1, messages + 1)]
    system.stores.leases.commit(job.id, token, entries)
    complete_job(system.stores, job, token, JobStatus.SUCCEEDED)


def _latency(system: System, heard: Receivers, count: int) -> list[Row]:
    tenant = _tenant(system, heard, 1)
    job, token = _begun(system, tenant)
    heard.forget()
    sent: dict[str, float] = {}
    for number in range(1, count + 1):
        entry = Entry(f"{number}-1", Counter(current_count=number))
        sent[entry.id] = time.time()
        system.stores.leases.commit(job.id, token, [entry])
        system.stores.leases.extend(job.id, token)
        time.sleep(_PACE_S)
    heard.until(count, 60)
    came = heard.times
    complete_job(system.stores, job, token, JobStatus.SUCCEEDED)
    ways = [came[entry] - at for entry, at in sent.items()]
    half, most = (percentile(ways, share) * 1000 for share in (0.5, 0.99))
    text = f"p50 {half:.0f} - p99 {most:.0f} ms"
    return [Row("XADD of an event until its receiver has it", f"{half:.0f} ms", text, str(count))]
