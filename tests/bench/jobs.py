"""Jobs a second: accepted by one API process, and to their end beside Celery's no-op tasks."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench import noop
from tests.bench.client import Client
from tests.bench.context import PROCESSES, Context
from tests.bench.measure import percentile, spread
from tests.bench.processes import api_pid, cpu_s, standing_still
from tests.bench.report import Row, Section, row
from worker.contract.plans import Plan
from worker.embedded.processes import Process
from worker.embedded.stack import System
from worker.lifecycle.completion import cancel_job
from worker.media.probing.ffmpeg_tools import find_tools

CLIENTS = 8
_numbers = itertools.count(1)


def measure(context: Context) -> Section:
    """The section `jobs`."""
    system, picture = context.system, _picture(context)
    key = system.stores.keys.create("bench-jobs", Plan.COMPANY)
    load = [system.address.server, key, str(picture), str(CLIENTS)]
    with Client(system, key) as client:
        upload = client.upload(picture, "image/jpeg")
    rows: list[Row] = []
    # what is accepted is canceled, so that its run takes nothing from what is measured next
    whole = "accepted by one API process: presigned upload, PUT, idempotent create"
    alone = "accepted by one API process: idempotent create alone"
    ways: dict[str, tuple[int, list[str]]] = {whole: (150, []), alone: (300, [upload])}
    for name, (jobs, given) in ways.items():
        context.say(name)
        pid = api_pid(system)
        runs: list[float] = []
        used: list[float] = []
        each: list[float] = []
        with standing_still(system):
            for _ in range(context.rounds(5, 2)):
                began = cpu_s(pid)
                done = _load([*load, str(jobs), *given])
                used.append((cpu_s(pid) - began) / jobs * 1000)
                runs.append(jobs / done["seconds"])
                each += done["each"]
                _cancel(system, done["ids"])
        half, most = (percentile(each, share) * 1000 for share in (0.5, 0.99))
        rows.append(row(name, spread(runs), "jobs/s", digits=0))
        rows.append(row("· the API process", spread(used), "CPU-ms/job", digits=1))
        text = f"p50 {half:.0f} - p99 {most:.0f} ms"
        rows.append(Row(f"· one of {CLIENTS} clients", f"{half:.0f} ms", text, str(len(each))))
    rows += _to_the_end(context, [*load, str(context.rounds(60, 16)), upload])
    notes = (
        f"{CLIENTS} clients in one process, pictures of {picture.stat().st_size / 1000:.0f} kB "
        "(the clip's first frame). The API is one process; clients, Redis, S3 and workers share "
        "its cores. While it is measured what it accepts alone, the workers stand still.",
        f"To their end: image jobs on one upload by {PROCESSES} worker processes, from the first "
        "request to the last `done`; no-op tasks, from the first sending, by as many processes of "
        "a worker with the same Celery settings, in turns with the jobs.",
    )
    return Section("jobs", "Jobs a second", tuple(rows), notes)


def _picture(context: Context) -> Path:
    path = context.scratch / "frame.jpg"
    command = [find_tools().ffmpeg, "-v", "error", "-y", "-i", context.clip, "-frames:v", "1", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def _load(arguments: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.load", *arguments]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    done: dict[str, Any] = json.loads(said)
    return done


def _cancel(system: System, ids: list[str]) -> None:
    for job_id in ids:
        cancel_job(system.stores, job_id)


def _to_the_end(context: Context, load: list[str]) -> list[Row]:
    system = context.system
    command = [sys.executable, "-m", "celery", "-A", "tests.bench.noop", "worker", "-P", "prefork",
               "-c", str(PROCESSES), "-Q", noop.QUEUE, "--without-gossip", "--without-mingle",
               "-l", "WARNING", "-n", "bench-noop-jobs@%h"]  # fmt: skip
    tasks = context.rounds(1000, 300)
    jobs: list[float] = []
    empty: list[float] = []
    used: list[float] = []
    log = context.scratch / "noop-jobs.log"
    with Process(command, log, system.environment), Client(system) as client:
        _tasks(client, 10)
        _all_done(client, _load([*load[:4], "4", load[5]])["ids"])
        for _ in range(context.rounds(3, 1)):
            context.say("image jobs to their end, then no-op tasks")
            began = time.monotonic()
            done = _load(load)
            _all_done(client, done["ids"])
            jobs.append(len(done["ids"]) / (time.monotonic() - began))
            used.append(statistics.mean(_used_ms(system, job_id) for job_id in done["ids"]))
            empty.append(tasks / _tasks(client, tasks))
    ratios = [a / b for a, b in zip(jobs, empty, strict=True)]
    return [
        row("image jobs, submit to `done`", spread(jobs), "jobs/s", digits=1),
        row("· processor until its pose is known", spread(used), "CPU-ms/job", digits=0),
        row("no-op Celery tasks in the same run", spread(empty), "tasks/s", digits=0),
        row("image jobs over no-op tasks", spread(ratios), "", digits=3),
    ]


def _used_ms(system: System, job_id: str) -> float:
    """What the job's own `usage` says; its overlay is drawn after."""
    usage = system.stores.jobs.get(job_id).usage
    return usage.computeSeconds * 1000 if usage else 0.0


def _all_done(client: Client, ids: list[str]) -> None:
    for job_id in ids:
        client.finish(job_id)


def _tasks(client: Client, count: int) -> float:
    """Seconds from sending the first task to the last answer."""
    reply = f"bench:replies:{next(_numbers)}"
    began = time.monotonic()
    for _ in range(count):
        noop.app.send_task(noop.TASK, args=[reply], queue=noop.QUEUE)
    while client.redis.llen(reply) < count:
        if time.monotonic() - began > 300:
            raise RuntimeError(f"{client.redis.llen(reply)} of {count} no-op tasks answered")
        time.sleep(0.005)
    return time.monotonic() - began
