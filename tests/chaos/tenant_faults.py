"""Faults that another tenant brings: a crowd of jobs, a replaced upload, a hostile name server.

What the tenant made is erased in the end.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import httpx

from api.client import PoseQueue
from tests.chaos.client_faults import insisted
from tests.chaos.faults import Fault
from tests.chaos.fleet import Fleet, until
from worker.contract.plans import Plan
from worker.lifecycle.deletion import erase_job
from worker.storage import keys
from worker.storage.errors import NotFound
from worker.storage.queue.fair_queue import JOB_QUEUES

CROWD = 10_000
_A_BATCH = 1_000
_CLIPS = Path(__file__).resolve().parents[1] / "clips"
_FILM = {"exercise": "squat", "profile": "fast", "keypoints": True, "export": ["video"]}


class Stranger:
    """Another tenant: `client` is its own, `http` for what that has no method for."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self.fleet, self.name = fleet, name
        key = fleet.stores.keys.create(name, Plan.COMPANY)
        self.client = PoseQueue(fleet.url, key)
        self.http = httpx.Client(
            base_url=f"{fleet.url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60
        )

    def jobs(self) -> list[str]:
        """Ids of all its jobs."""
        found = self.fleet.stores.redis.zrange(keys.tenant_jobs(self.name), 0, -1)
        return [job.decode() for job in found]

    def wait(self, jobs: list[str], seconds: float = 120) -> bool:
        """Until they are over; whether they are."""
        return until(lambda: all(map(self.fleet.stores.jobs.over, jobs)), seconds)

    def erase(self) -> None:
        """Erases its jobs; those that have not begun, of which there may be many, all at once."""
        redis, jobs = self.fleet.stores.redis, self.fleet.stores.jobs
        for job in [name for queue in JOB_QUEUES for name in self._queued(queue)]:
            with contextlib.suppress(NotFound):
                jobs.erase(jobs.get(job))
            redis.delete(keys.dispatched(job))
        for batch in redis.zrange(keys.tenant_batches(self.name), 0, -1):
            redis.delete(*keys.of_batch(batch.decode()))
            self.fleet.stores.batches.open.remove(batch.decode())
        for job in self.jobs():
            with contextlib.suppress(NotFound):
                erase_job(self.fleet.stores, self.fleet.stores.jobs.get(job))

    def _queued(self, queue: str) -> list[str]:
        jobs = self.fleet.stores.redis.zrange(keys.waiting(queue, self.name), 0, -1)
        return [job.decode() for job in jobs]


@contextlib.contextmanager
def _stranger(fleet: Fleet, name: str) -> Iterator[Stranger]:
    stranger = Stranger(fleet, name)
    try:
        yield stranger
    finally:
        stranger.erase()
        stranger.client.close()
        stranger.http.close()


def crowd_queue(fleet: Fleet, random: Random) -> None:
    """Another tenant queues CROWD jobs at once, and erases them; the others' go on meanwhile."""
    with _stranger(fleet, "crowd") as crowd:
        upload = crowd.client.upload(_CLIPS / "jump_side_30fps.mp4")
        job = {"input": {"uploadId": upload}, "options": {"exercise": "squat"}, "priority": "high"}
        for _ in range(CROWD // _A_BATCH):
            insisted(lambda: crowd.http.post("/batches", json={"jobs": [job] * _A_BATCH}))
        if not until(lambda: len(crowd.jobs()) == CROWD, 120):
            fleet.wrong.append(f"{len(crowd.jobs())} of {CROWD} accepted jobs were made")
        fleet.hold(random.uniform(3, 5))


def replace_upload(fleet: Fleet, random: Random) -> None:
    """An upload is replaced, by its presigned URL, while its job runs: the job is done with the
    bytes it was accepted with, or fails for that reason."""
    data = (_CLIPS / "squat_front_3.mp4").read_bytes()
    with _stranger(fleet, "replacer") as tenant:
        body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": len(data)}
        upload = insisted(lambda: tenant.http.post("/uploads", json=body)).json()

        def put(content: bytes) -> httpx.Response:
            return httpx.put(upload["url"], content=content, headers=upload["headers"], timeout=30)

        insisted(lambda: put(data))
        job = tenant.client.submit(upload["id"], _FILM)["id"]
        until(lambda: fleet.stores.jobs.get(job).status.value != "queued", 60, 0.02)
        time.sleep(random.choice((0, 0.2, 0.5, 1, 2, 4)))
        insisted(lambda: put(bytes(len(data))))
        if not tenant.wait([job]):
            fleet.wrong.append(f"{job}, whose upload was replaced, does not end")
            return
        record = fleet.stores.jobs.get(job)
        replaced = record.error is not None and "was replaced" in record.error["message"]
        if not replaced and (record.result is None or record.result.count != 3):
            fleet.wrong.append(f"{job}, whose upload was replaced, gave {record.result}, "
                               f"{record.error}")  # fmt: skip


class _Served(BaseHTTPRequestHandler):
    """Serves a clip, and takes webhooks."""

    def do_GET(self) -> None:
        data = (_CLIPS / "jump_side_30fps.mp4").read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def rebind_names(fleet: Fleet, random: Random) -> None:
    """Inputs and webhooks at a name that is public at one moment and loopback at the next: only the
    public server may hear of them (`resolver/sitecustomize.py`)."""
    heard: list[Any] = []

    class Trap(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(self.client_address)

    with (
        ThreadingHTTPServer(("127.0.0.2", 0), _Served) as public,
        socketserver.TCPServer(("127.0.0.1", public.server_port), Trap) as private,
        _stranger(fleet, "rebinder") as tenant,
    ):
        for server in (public, private):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://x.rebinding.test:{public.server_port}"
        hook = {"url": url, "events": ["job.queued", "job.started", "job.succeeded", "job.failed"]}
        made = insisted(lambda: tenant.http.post("/webhooks", json=hook)).json()
        jobs = [tenant.client.submit({"url": url}, {"exercise": "squat"})["id"] for _ in range(4)]
        if not tenant.wait(jobs):
            fleet.wrong.append(f"jobs of a name that changes do not end: {jobs}")
        insisted(lambda: tenant.http.delete(f"/webhooks/{made['id']}"))
        for job in map(fleet.stores.jobs.get, jobs):
            refused = job.error is not None and "is not a public address" in job.error["message"]
            if job.error is not None and not refused:
                fleet.wrong.append(f"{job.id} of a name that changes: {job.error}")
        if heard:
            fleet.wrong.append(f"a private server was connected to: {heard}")
        for server in (public, private):
            server.shutdown()


TENANT_FAULTS = (
    Fault(f"{CROWD} queued jobs of another tenant", crowd_queue),
    Fault("an upload replaced while its job runs", replace_upload),
    Fault("DNS answers that change between check and connect", rebind_names),
)
