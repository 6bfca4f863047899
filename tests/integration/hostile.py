"""Who takes part in the hostile mix: an API that dies, tenants, readers cut off or killed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from api.client import PoseQueue, job_body
from tests.integration.receivers import Receiver, Temper, good
from worker.contract.plans import Plan
from worker.embedded.processes import Process, free_port
from worker.settings import Settings
from worker.storage.stores import Stores

README = Path(__file__).resolve().parents[2] / "api" / "README.md"
EVENTS = ["job.queued", "job.succeeded", "batch.completed", "message.counter",
          "message.exercise_summary", "message.image_overlay", "message.keypoints"]  # fmt: skip
CUTS = 10

Told = tuple[str, str, str]
"""An event: its type, what it is about, and for a message its entry id."""


def until(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Waits until it is so."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


class Api:
    """The API as a process that may be killed and comes back at its address."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: Process | None = None

    def launch(self) -> None:
        """Starts it."""
        command = [sys.executable, "-m", "worker.cli", "api", "--port", str(self.port)]
        self._process = Process(command, self._folder / "api.log", {})

    def wait(self) -> None:
        """Until it answers."""
        assert self._process is not None
        self._process.wait_until(self._ready, 60, "the API")

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


class Tenant:
    """A tenant with a receiver of each temper; `None` is one that does not live yet."""

    def __init__(
        self, name: str, tempers: tuple[Temper | None, ...], stores: Stores, api: Api
    ) -> None:
        self.name = name
        self.key = stores.keys.create(name, Plan.COMPANY)
        self.queue = PoseQueue(api.url, self.key)
        self.receivers = [Receiver(temper or good) for temper in tempers]
        for receiver, temper in zip(self.receivers, tempers, strict=True):
            if temper is None:
                receiver.stop()
        self.hooks = [self.queue.create_webhook(one.url, EVENTS) for one in self.receivers]
        self.first = ""
        self.batch = ""

    def begin(self, clip: Path, photo: Path, pictures: int) -> None:
        """The one job whose frames are estimated, and a batch of pictures."""
        job = self.queue.submit(self.queue.upload(clip), {"exercise": "squat", "keypoints": True})
        self.first = job["id"]
        picture = job_body(self.queue.upload(photo))
        self.batch = self.queue.submit_batch([picture] * pictures)["id"]

    def again(self) -> None:
        """One more job over the same poses, perhaps two where the API dies in the middle."""
        for _ in range(600):
            with suppress(httpx.TransportError):
                self.queue.analyze(self.first, {"exercise": "squat"})
                return
            time.sleep(0.1)
        raise AssertionError("the API stays away")

    def heal(self) -> None:
        """Who took nothing so far is a good receiver now, and its webhook is enabled."""
        for at, hook in enumerate(self.hooks):
            receiver = self.receivers[at]
            if receiver.taken:
                continue
            receiver.temper = good
            if receiver.stopped:
                self.receivers[at] = Receiver(good, receiver.port)
            self.queue.change_webhook(hook["id"], enabled=False)
            self.queue.change_webhook(hook["id"], enabled=True)

    def wanted(self, stores: Stores, jobs: list[str]) -> dict[str, list[Told]]:
        """What every receiver is to hear of each subject, in order."""
        wanted: dict[str, list[Told]] = {self.batch: [("batch.completed", self.batch, "")]}
        for job in jobs:
            told = [(f"message.{kind}", job, entry) for entry, kind, _ in stores.streams.scan(job)]
            said = [one for one in told if one[0] in EVENTS]
            wanted[job] = [("job.queued", job, ""), *said, ("job.succeeded", job, "")]
        return wanted


def cut_off(api: Api, key: str, job: str) -> list[str]:
    """Ids that an SSE client has seen who loses its connection CUTS times."""
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
                if line == "" and cuts < CUTS and fresh >= 2:
                    cuts += 1
                    break
    assert cuts == CUTS
    return seen


class Consumer:
    """The firehose consumer of api/README.md, which may be killed."""

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
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def heard(self) -> set[Told]:
        """Type, subject, entry id of what was handled."""
        rows = (line.split() for line in self._heard.read_text().splitlines())
        return {(row[2], row[0], row[1]) for row in rows if len(row) == 3}


def heard_of(event: dict[str, Any]) -> list[Told]:
    """What a request tells; a group of per-frame messages tells of each."""
    kind, data = event["type"], event["data"]
    if "jobId" not in data:
        return [(kind, data["id"], "")]
    ids = [one["id"] for one in data["messages"]] if "messages" in data else [data["id"]]
    return [(kind, data["jobId"], entry) for entry in ids]
