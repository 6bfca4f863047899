"""A running system: real servers, API and workers as processes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from worker.contract.plans import Plan
from worker.embedded.processes import Process, free_port
from worker.settings import Settings
from worker.storage.stores import Stores


@dataclass(frozen=True)
class Running:
    """A system that answers at `url`."""

    url: str
    stores: Stores

    def client(self, tenant: str = "acme", plan: Plan = Plan.DEVELOPER) -> httpx.Client:
        """An HTTP client with a key of its own."""
        key = self.stores.keys.create(tenant, plan)
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url + "/v1", headers=headers, timeout=60)


StartWorker = Callable[..., Process]
EVERYTHING = "pose.cpu,export,maintenance"
"""The queues of a worker that does all but deliver webhooks."""


def worker_process(log: Path, queues: str, **env: str) -> Process:
    """A worker of one process, on its way up."""
    slots = "0" if queues == "webhooks" else "1"  # of webhooks: as many as they think right
    command = [sys.executable, "-m", "worker.cli", "worker",
               "--queues", queues, "--concurrency", slots]  # fmt: skip
    return Process(command, log, env, grace_s=20)


def wait_for_worker(process: Process, stores: Stores) -> None:
    """Waits until a worker takes jobs."""
    name = f":{process.pid}"
    process.wait_until(
        lambda: any(worker.name.endswith(name) for worker in stores.workers.alive()),
        90,
        "the worker",
    )


@pytest.fixture
def start_worker(stores: Stores, models_dir: Path, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers of one process each, ready unless `wait` is false; ends them after."""
    started: list[Process] = []

    def start(queues: str = EVERYTHING, *, wait: bool = True, **env: str) -> Process:
        process = worker_process(tmp_path / f"worker-{len(started)}.log", queues, **env)
        started.append(process)
        if wait:
            wait_for_worker(process, stores)
        return process

    yield start
    with ThreadPoolExecutor() as pool:  # each takes a second or more to end in good order
        list(pool.map(Process.stop, started))


@contextmanager
def api_process(log: Path) -> Iterator[str]:
    """The address of the API as a process."""
    port = free_port()
    command = [sys.executable, "-m", "worker.cli", "api", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    with Process(command, log) as process:
        process.wait_until(ready, 60, "the API")
        yield url


@pytest.fixture(scope="session")
def api_url(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an API that runs as a process."""
    with api_process(tmp_path_factory.mktemp("api") / "api.log") as url:
        yield url


@pytest.fixture
def running(stores: Stores, api_url: str) -> Running:
    """A system whose workers are the test's to start."""
    return Running(api_url, stores)


def submit(client: httpx.Client, file: Path, kind: str, **request: Any) -> dict[str, Any]:
    """Uploads a file and creates a job, as API.md tells a client to."""
    data = file.read_bytes()
    wanted = {"filename": file.name, "contentType": kind, "bytes": len(data)}
    place = client.post("/uploads", json=wanted)
    assert place.status_code == 201, place.text
    upload = place.json()
    assert upload["method"] == "PUT"
    put = httpx.put(upload["url"], content=data, headers=upload["headers"])
    assert put.status_code == 200, put.text
    answer = client.post("/jobs", json={"input": {"uploadId": upload["id"]}, **request})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def finished(client: httpx.Client, job_id: str, timeout_s: float = 120) -> dict[str, Any]:
    """The job once it is in a final state."""
    import time

    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        job: dict[str, Any] = client.get(f"/jobs/{job_id}").json()
        if job["status"] not in ("queued", "running"):
            return job
        time.sleep(0.1)
    raise AssertionError(f"{job_id} is still {job['status']} after {timeout_s} s")


def stream_messages(running: Running, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """What a consumer with nothing but Redis reads."""
    url = running.stores.settings.redis_url.get_secret_value()
    client = redis.Redis.from_url(url, decode_responses=True)
    rows = client.xread({f"pq:{{{job_id}}}:messages": "0"})
    entries = next(iter(rows.values()))[0] if isinstance(rows, dict) else rows[0][1]
    assert all(fields["type"] == json.loads(fields["data"])["type"] for _, fields in entries)
    return [(entry, json.loads(fields["data"])) for entry, fields in entries]
