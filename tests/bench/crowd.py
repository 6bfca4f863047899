"""A crowd on a system whose workers estimate nothing: what API, queue, streams and webhooks cost.

Half of the jobs are one tenant's, queued before everybody else's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.load import crowd
from tests.bench.client import Client
from tests.bench.context import ROOT, Context
from tests.bench.deliveries import Receivers, receivers
from tests.bench.measure import percentile
from tests.bench.processes import cpu_s, memory_kib
from tests.bench.report import Row, Section
from tests.synthetic.perform import Script, perform, split
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.options import JobOptions
from worker.contract.plans import Plan
from worker.contract.pose_log import END
from worker.contract.poses import encode_chunk, encode_head
from worker.embedded.processes import Process, free_port
from worker.embedded.stack import System
from worker.lifecycle.completion import complete_job
from worker.storage.clock import unix

EVENT = "job.succeeded"
_CLIENTS = 32
_READY_S = 120
_DRAINED_S = 1800.0


@dataclass(frozen=True)
class Size:
    """How many of each there are; `jobs` among `tenants`, streams open on `tails` of them."""

    apis: int = 4
    workers: int = 8
    tenants: int = 200
    jobs: int = 10_000
    tails: int = 2_000


QUICK = Size(apis=2, workers=2, tenants=50, jobs=600, tails=200)


class Crowd:
    """The processes that serve the crowd, beside the servers of `system`."""

    def __init__(self, system: System, size: Size) -> None:
        self.system, self.size = system, size
        self.processes: dict[str, list[Process]] = {"API": [], "webhook worker": []}
        self.servers: list[str] = []

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time by part; children are counted, this process too."""
        used = {
            part: sum(cpu_s(pid) for one in processes for pid in _family(one.pid))
            for part, processes in self.processes.items()
        }
        for part, process in zip(("Redis", "S3"), self.system.servers, strict=True):
            used[part] = cpu_s(process.pid)
        return used | {"clients": time.process_time()}


def _family(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [pid, *map(int, children.read().split())]


@contextlib.contextmanager
def serving(context: Context, size: Size) -> Iterator[Crowd]:
    """API processes and a worker with simulated poses in place of the system's own worker."""
    system = context.system
    found = Crowd(system, size)
    with contextlib.ExitStack() as stack:
        system.workers[0].stop()
        stack.callback(system.start_worker)
        found.processes["webhook worker"].append(system.workers[1])
        for number in range(size.apis):
            port = str(free_port())
            own = {"POSEQUEUE_API_PORT": port}
            log = context.scratch / f"crowd-api-{number}.log"
            command = [sys.executable, "-m", "worker.cli", "api"]
            process = stack.enter_context(Process(command, log, {**system.environment, **own}))
            found.processes["API"].append(process)
            found.servers.append(f"http://127.0.0.1:{port}")
            process.wait_until(lambda: _answers(found.servers[-1]), _READY_S, "an API")
        queues = "pose.cpu,export,maintenance"
        own = {"POSEQUEUE_WORKER_QUEUES": queues, "SIMULATED_POSES_OF": _recorded(system)}
        command = [sys.executable, "-m", "celery", "-A", "worker.queueing.celery_app", "-q",
                   "worker", "-I", "deploy.load.simulated_estimator", "-c", str(size.workers),
                   "-Q", queues, "--without-gossip", "--without-mingle",
                   "-n", "crowd@%h"]  # fmt: skip
        log = context.scratch / "crowd-worker.log"
        worker = stack.enter_context(Process(command, log, {**system.environment, **own}))
        found.processes["workers"] = [worker]
        worker.wait_until(lambda: system.stores.workers.serves("pose.cpu"), _READY_S, "a worker")
        time.sleep(3)  # its processes start
        yield found


def _answers(server: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{server}/healthz", timeout=5).status_code == 200
    return False


def _recorded(system: System) -> str:
    """The id of a job that has the poses of two squats by the synthetic athlete, five seconds."""
    head, chunk = perform(Script(move="squat", depths=(1.0, 1.0), fps=20.0))
    log = [encode_head(head), *map(encode_chunk, split(chunk, [50, 50])), END]
    stores = system.stores
    job = Job(
        id=f"job_bench_crowd_{os.getpid()}", tenant="crowd", plan=Plan.COMPANY,
        status=JobStatus.QUEUED, source="video", input=JobInput(url="http://none.example"),
        options=JobOptions(), createdAt=stores.jobs.now(),
    )  # fmt: skip
    stores.jobs.create_all([job])
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, place=0, log=log)
    complete_job(stores, job, token, JobStatus.SUCCEEDED)
    return job.id


def measure(context: Context) -> Section:
    """The section `crowd`."""
    size = QUICK if context.quick else Size()
    context.say(f"{size.jobs} jobs of {size.tenants} tenants")
    with serving(context, size) as found, receivers(context) as heard:
        rows = asyncio.run(_measured(context, found, heard))
    notes = (
        f"{size.apis} API processes, {size.workers} worker processes whose poses come from a "
        "recorded log of 5 s (`deploy/load/simulated_estimator.py`), one webhook worker, a Valkey "
        "and a SeaweedFS share two cores with the clients, so a second of the clock says little: "
        f"CPU-ms a job are what is compared. Accepted over {_CLIENTS} connections while the "
        "workers stand still. Every tenant has an endpoint that takes its jobs' ends. Half of the "
        "jobs are one tenant's and were queued first.",
    )
    return Section("crowd", "A crowd, without estimation", tuple(rows), notes)


async def _measured(context: Context, found: Crowd, heard: Receivers) -> list[Row]:
    system, size = found.system, found.size
    redis: Any = system.stores.redis
    tenants = [_tenant(system, heard, number) for number in range(size.tenants)]
    others = range(1, size.tenants)
    half = size.jobs // 2
    order = [0] * half + [others[number % len(others)] for number in range(size.jobs - half)]
    first = await crowd.accept(found.servers, tenants[-1:], [0] * 4 * size.workers, 1)
    while not all(system.stores.jobs.over(job.id) for job in first):
        await asyncio.sleep(0.1)  # each process has run one: it has imported what it needs
    await asyncio.to_thread(heard.until, len(first))
    heard.forget()
    worker = found.processes["workers"][0].pid
    os.killpg(worker, signal.SIGSTOP)
    try:
        context.say("accepting")
        memory = redis.info("memory")["used_memory"]
        before, reads, began = found.cpu(), _reads(redis), time.monotonic()
        jobs = await crowd.accept(found.servers, tenants, order, _CLIENTS)
        rows = _rows("accepted", found, before, began, _reads(redis) - reads)
        took = [job.took_s * 1000 for job in jobs]
        rows.append(_figure("· one of the connections, p50 - p99", percentile(took, 0.5), "ms",
                            f"- {percentile(took, 0.99):.0f} ms"))  # fmt: skip
        grown = redis.info("memory")["used_memory"] - memory
        rows.append(_figure("memory of Redis a queued job", grown / len(jobs) / 1000, "kB"))
        context.say(f"opening {size.tails} streams")
        pids = [process.pid for process in found.processes["API"]]
        kib = sum(map(memory_kib, pids))
        tailed = jobs[:: max(1, len(jobs) // size.tails)][: size.tails]
        streams = [await crowd.open_stream(job, tenants[job.tenant].key) for job in tailed]
        grown = sum(map(memory_kib, pids)) - kib
        rows.append(_figure(f"memory of the APIs a stream, {len(streams)} open",
                            grown / len(streams), "KiB"))  # fmt: skip
        await _slept(found, rows, len(streams))
    finally:
        os.killpg(worker, signal.SIGCONT)
    context.say("to their end")
    before, reads, began = found.cpu(), _reads(redis), time.monotonic()
    await asyncio.wait_for(asyncio.gather(*streams), _DRAINED_S)
    await asyncio.to_thread(heard.until, len(jobs), _DRAINED_S)
    rows += _rows("to their end: run, streamed, told by webhook", found, before, began,
                  _reads(redis) - reads)  # fmt: skip
    ends = [unix(system.stores.jobs.get(job.id).finishedAt or "") for job in jobs]
    late = [(job.done_at - end) * 1000 for job, end in zip(jobs, ends, strict=True) if job.done_at]
    rows.append(_figure("from a job's end until its stream's reader has `done`, p50 - p99",
                        percentile(late, 0.5), "ms",
                        f"- {percentile(late, 0.99):.0f} ms"))  # fmt: skip
    return [*rows, _fairness(jobs, ends, half)]


async def _slept(found: Crowd, rows: list[Row], count: int) -> None:
    """What open streams that say nothing cost."""
    before, began = found.cpu(), time.monotonic()
    await asyncio.sleep(5)
    used = found.cpu()["API"] - before["API"]
    share = used / (time.monotonic() - began) * 100
    rows.append(_figure(f"processor of the APIs with {count} silent streams", share, "% of a core"))


def _rows(what: str, found: Crowd, before: dict[str, float], began: float, calls: int) -> list[Row]:
    seconds, jobs = time.monotonic() - began, found.size.jobs
    rows = [_figure(what, jobs / seconds, "jobs/s")]
    for part, used in found.cpu().items():
        if (cost := (used - before[part]) / jobs * 1000) >= 0.005:
            rows.append(_figure(f"· {part}", cost, "CPU-ms/job"))
    rows.append(_figure("· round trips to Redis, of all parts", calls / jobs, "a job"))
    return rows


def _figure(what: str, value: float, unit: str, extent: str = "") -> Row:
    return Row(what, f"{value:.{1 if value >= 10 else 2}f} {unit}", extent, "1")


def _reads(redis: Any) -> int:
    """Requests that Redis has read; what comes together, as pipelines do, is one."""
    reads: int = redis.info("stats")["total_reads_processed"]
    return reads


def _tenant(system: System, heard: Receivers, number: int) -> crowd.Tenant:
    name = f"crowd{os.getpid()}x{number}"
    port = heard.ports[number % len(heard.ports)]
    system.stores.endpoints.create(name, f"http://127.0.0.1:{port}/", [EVENT])
    key = system.stores.keys.create(name, Plan.COMPANY)
    with Client(system, key) as client:
        return crowd.Tenant(key, client.upload(ROOT / "tests/clips/jump_side_30fps.mp4"))


def _fairness(jobs: list[crowd.Job], ends: list[float], half: int) -> Row:
    """Jobs of the large tenant that were done when the last of the others' were: in equal shares
    as many as one of them had."""
    last = max(end for job, end in zip(jobs, ends, strict=True) if job.tenant)
    large = sum(1 for job, end in zip(jobs, ends, strict=True) if not job.tenant and end <= last)
    own: dict[int, int] = {}
    for job in jobs:
        own[job.tenant] = own.get(job.tenant, 0) + 1
    most = max(count for tenant, count in own.items() if tenant)
    what = f"of {half} jobs queued first by one tenant, done when the others' last was"
    return Row(what, str(large), f"equal shares: {most}", "1")
