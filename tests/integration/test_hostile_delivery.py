"""Everybody at once: 200 jobs of three tenants, receivers of every temper, readers that are cut
off and killed, an API and a webhook worker that die. Nobody misses anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from api.client import PoseQueue
from tests.integration.conftest import StartWorker
from tests.integration.receivers import Receiver, elsewhere, gone, good, moody, slow
from worker.contract.messages import entry_key
from worker.contract.plans import Plan
from worker.embedded.processes import Process, free_port
from worker.settings import Settings
from worker.store.bundle import Stores

JOBS = 200
EVENTS = ["job.queued", "job.started", "job.succeeded", "message.counter",
          "message.exercise_summary"]  # fmt: skip
TEMPERS = {"acme": (good, slow), "beta": (moody, elsewhere), "gamma": (good, gone)}
README = Path(__file__).resolve().parents[2] / "README.md"


class Api:
    """The API as a process that may be killed and comes back at its address."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: Process | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self.launch().wait_until(self._ready, 60, "the API")

    def launch(self) -> Process:
        """Starts it."""
        command = [sys.executable, "-m", "worker.cli", "api", "--port", str(self.port)]
        self._process = Process(command, self._folder / "api.log", {})
        return self._process

    def kill(self) -> None:
        """As the kernel does."""
        assert self._process is not None
        self._process.kill()

    def stop(self) -> None:
        """In good order."""
        if self._process is not None:
            self._process.stop()

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def api(stores: Stores, tmp_path: Path) -> Iterator[Api]:
    """A running API."""
    api = Api(tmp_path)
    api.start()
    yield api
    api.stop()


class Tenant:
    """A tenant, its receivers with the secrets they verify with, and its first job."""

    def __init__(self, name: str, stores: Stores, api: Api) -> None:
        self.name = name
        self.queue = PoseQueue(api.url, stores.keys.create(name, Plan.COMPANY))
        self.receivers = [Receiver(temper) for temper in TEMPERS[name]]
        self.hooks: list[dict[str, Any]] = []
        for receiver in self.receivers:
            body = {"url": receiver.url, "events": EVENTS}
            self.hooks.append(self.queue.call("POST", "/webhooks", json=body))
        dead = {"url": f"http://127.0.0.1:{free_port()}/hook", "events": EVENTS}
        self.dead = self.queue.call("POST", "/webhooks", json=dead)
        self.first = ""

    def begin(self, clip: Path) -> None:
        """The one job whose frames are estimated."""
        job = self.queue.submit(self.queue.upload(clip), {"exercise": "squat", "keypoints": True})
        self.first = job["id"]

    def again(self) -> None:
        """One more job over the same poses, perhaps two where the API dies in the middle."""
        wanted = {"options": {"exercise": "squat"}}
        for _ in range(300):
            with suppress(httpx.TransportError):
                self.queue.call("POST", f"/jobs/{self.first}/analyze", json=wanted)
                return
            time.sleep(0.1)
        raise AssertionError("the API stays away")

    def jobs(self) -> list[str]:
        """Ids of all its jobs."""
        found: list[str] = []
        page: dict[str, Any] = {"next": None}
        while True:
            query = {"limit": 200} | ({"cursor": page["next"]} if page["next"] else {})
            page = self.queue.call("GET", "/jobs", params=query)
            found += [job["id"] for job in page["jobs"]]
            if page["next"] is None:
                return found

    def wanted(self, stores: Stores) -> set[tuple[str, str, str]]:
        """What every receiver is to hear: type, job, entry id of messages."""
        wanted = set()
        for job in self.jobs():
            wanted |= {(kind, job, "") for kind in EVENTS[:3]}
            for entry, kind, _ in stores.streams.scan(job):
                if f"message.{kind}" in EVENTS:
                    wanted.add((f"message.{kind}", job, entry))
        return wanted


def heard(receiver: Receiver) -> list[tuple[str, str, str]]:
    """What a receiver took, as `Tenant.wanted` puts it, in order."""
    found = []
    for one in receiver.taken:
        event = one.event
        data = event["data"]
        job = data.get("jobId") or data["id"]
        found.append((event["type"], job, data["id"] if "jobId" in data else ""))
    return found


def until(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Waits until it is so."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def cut_off_ten_times(api: Api, key: str, job: str) -> list[str]:
    """Ids that an SSE client has seen who loses its connection again and again."""
    seen: list[str] = []
    done, cuts = False, 0
    while not done:
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        headers |= {"Last-Event-ID": seen[-1]} if seen else {}
        with (
            suppress(httpx.TransportError),
            httpx.stream("GET", f"{api.url}/v1/jobs/{job}/messages", headers=headers) as answer,
        ):
            fresh = 0
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    seen.append(line[4:])
                    fresh += 1
                done = done or line == "event: done"
                if line == "" and cuts < 10 and fresh >= 5:
                    cuts += 1
                    break
        time.sleep(0.05)
    assert cuts == 10
    return seen


class Consumer:
    """The README's consumer, killed twice."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        self._program = folder / "consumer.py"
        self._program.write_text(next(block for block in blocks if "xreadgroup" in block))
        self._heard = folder / "consumed"
        self._heard.touch()
        self._url = settings.redis_url.get_secret_value()
        self._process: subprocess.Popen[bytes] | None = None
        self.lives = 0

    def start(self) -> None:
        """A new life, under a new name."""
        self.lives += 1
        environment = {"REDIS_URL": self._url, "NAME": f"n{self.lives}", "IDLE_MS": "500"}
        with self._heard.open("ab") as out:
            command = [sys.executable, "-u", str(self._program)]
            self._process = subprocess.Popen(command, stdout=out, env=environment)

    def kill(self) -> None:
        """Ends it where it stands."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def heard(self) -> set[tuple[str, str, str]]:
        """Job, id, type of what was handled."""
        rows = (line.split() for line in self._heard.read_text().splitlines())
        return {(row[0], row[1], row[2]) for row in rows if len(row) == 3}


@pytest.mark.model
@pytest.mark.timeout(400)
def test_nobody_misses_anything(
    api: Api, stores: Stores, settings: Settings, start_worker: StartWorker, walking: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("POSEQUEUE_WEBHOOK_RETRY_SCALE", "0.01")
    start_worker()
    courier = start_worker("webhooks")
    consumer = Consumer(settings, tmp_path)
    consumer.start()
    tenants = [Tenant(name, stores, api) for name in TEMPERS]
    for tenant in tenants:
        tenant.begin(walking)
    seen: list[str] = []
    key = tenants[0].queue._http.headers["Authorization"].removeprefix("Bearer ")
    reader = threading.Thread(
        target=lambda: seen.extend(cut_off_ten_times(api, key, tenants[0].first))
    )
    reader.start()
    for tenant in tenants:
        assert tenant.queue.wait(tenant.first, 120)["status"] == "succeeded"
    reader.join(60)
    assert seen == [entry for entry, _, _ in stores.streams.scan(tenants[0].first)]
    for number in range(JOBS - len(tenants)):
        if number == 60:
            api.kill()
            api.launch()
        if number == 90:
            courier.kill()
            start_worker("webhooks")
        if number in (30, 120):
            consumer.kill()
            consumer.start()
        tenants[number % len(tenants)].again()
    jobs = [job for tenant in tenants for job in tenant.jobs()]
    assert JOBS <= len(jobs) <= JOBS + 3
    until(lambda: all(stores.jobs.get(job).status.final for job in jobs), "all jobs", 120)

    for tenant in tenants:
        wanted = tenant.wanted(stores)
        for receiver, hook in zip(tenant.receivers, tenant.hooks, strict=True):
            if receiver.temper in (good, slow, moody):
                until(lambda r=receiver, w=wanted: w <= set(heard(r)),  # type: ignore[misc]
                      f"{receiver.temper.__name__} of {tenant.name}", 120)  # fmt: skip
                assert set(heard(receiver)) == wanted
                check_requests(receiver, hook["secret"])
            else:
                assert not receiver.taken
                assert receiver.heard and not receiver.strayed
        by_id = {hook["id"]: hook for hook in tenant.queue.call("GET", "/webhooks")["webhooks"]}
        states = [by_id[hook["id"]]["enabled"] for hook in (*tenant.hooks, tenant.dead)]
        assert states == [True, TEMPERS[tenant.name][1] is not gone, True]
        for receiver in tenant.receivers:
            receiver.stop()

    said = {(job, entry, kind) for job in jobs for entry, kind, _ in stores.streams.scan(job)
            if kind not in ("keypoints", "angles", "progression", "form_score")}  # fmt: skip
    until(lambda: said <= consumer.heard(), "the consumer", 60)
    consumer.kill()


def check_requests(receiver: Receiver, secret: str) -> None:
    """Signatures, ids and order of everything that a receiver got."""
    ids: dict[str, str] = {}
    order: dict[str, list[tuple[int, int]]] = {}
    taken: set[str] = set()
    for one in receiver.heard:
        Webhook(secret).verify(one.body, one.headers)
        name = one.headers["webhook-id"]
        # the same event has the same id, however often it comes
        assert ids.setdefault(name, one.body) == one.body or "job." in one.event["type"]
        if name in taken or not 200 <= one.status < 300:
            continue
        taken.add(name)
        data = one.event["data"]
        if "jobId" in data:
            order.setdefault(data["jobId"], []).append(entry_key(data["id"]))
    assert all(places == sorted(places) for places in order.values())
    assert json.loads(next(iter(ids.values())))["type"] in EVENTS
