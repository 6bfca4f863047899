"""The whole system on one machine: servers, workers and the API, which all end together."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpx

from worker.contract.plans import Plan
from worker.contract.scopes import LONGEST_PAGE_TOKEN_S
from worker.embedded.processes import Process, StartFailed, free_port
from worker.embedded.servers import (
    private_folder,
    s3_settings,
    start_redis,
    start_s3,
    write_private,
)
from worker.observability.log_setup import mask
from worker.settings import settings as settings_of_process
from worker.storage.stores import Stores

READY_S = 90
WORKER_GRACE_S = 25
TENANT = "local"
LOCAL_HOSTS = "127.0.0.1,localhost"


class AlreadyRunning(RuntimeError):
    """Another system uses the data folder."""


@dataclass(frozen=True)
class Address:
    """The URL of a started system, and a developer key for it."""

    server: str
    key: str


class System:
    """A context manager that runs everything, with its data in `data`.

    `port` is that of the API (0 = any), `processes` those of a worker (0 = one per CPU core); `say`
    gets a line for each step. Raises AlreadyRunning or StartFailed.
    """

    def __init__(
        self, data: Path, *, port: int = 0, processes: int = 0, say: Callable[[str], None]
    ) -> None:
        self._data = data
        self._port = port
        self._processes = processes
        self._say = say
        self._stack = contextlib.ExitStack()
        self.servers: list[Process] = []
        """Redis and S3."""
        self.workers: list[Process] = []
        self.metrics: list[str] = []
        """URL of the metrics of each of `workers`."""
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._lock()
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def start_worker(self, queues: str = "pose.cpu,export,maintenance") -> Process:
        """Starts another worker for `queues`."""
        slots = self._processes or len(os.sched_getaffinity(0))
        if queues == "webhooks":
            slots = 0  # threads, as many as is the default
        command = [sys.executable, "-m", "worker.cli", "worker",
                   "--queues", queues, "--concurrency", str(slots)]  # fmt: skip
        log = self._data / "logs" / f"worker-{len(self.workers)}.log"
        port = free_port()
        environment = {**self.environment, "POSEQUEUE_METRICS_PORT": str(port)}
        process = Process(command, log, environment, grace_s=WORKER_GRACE_S)
        self.metrics.append(f"http://127.0.0.1:{port}/metrics")
        self.workers.append(self._stack.enter_context(process))
        return process

    def page_address(self, exercise: str) -> str:
        """URL of the upload page, ready to use with a page token of its own, which expires."""
        maker = self.stores.keys.find(self.address.key)
        assert maker is not None
        token, _ = self.stores.keys.create_page_token(maker, LONGEST_PAGE_TOKEN_S)
        asked = urlencode({"token": token, "exercise": exercise, "export": "true"})
        return f"{self.address.server}/pose_tracker/upload_tracking?{asked}"

    def failed(self) -> str | None:
        """A message about a process that ended by itself; None while all are alive."""
        for process in self._processes_started:
            if not process.running:
                return f"a process ended by itself:\n{process.tail()}"
        return None

    def _lock(self) -> None:
        private_folder(self._data)
        file = self._stack.enter_context((self._data / "lock").open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(f"a system already runs on {self._data}") from error

    def _start(self) -> None:
        redis_server = start_redis(self._data / "redis")
        self._stack.callback(redis_server.process.stop)
        self._say(f"valkey     {mask(redis_server.url)}")
        s3_server = start_s3(self._data / "s3")
        self._stack.callback(s3_server.process.stop)
        self._say(f"s3         {s3_server.endpoint}")
        self.servers = [redis_server.process, s3_server.process]
        port = self._port or free_port()
        fields = {
            "redis_url": redis_server.url,
            **s3_settings(s3_server),
            "data_dir": str(self._data),
            "models_dir": str(settings_of_process().models),
            "api_port": str(port),
            # webhooks that are tried out have a receiver on this machine
            "webhook_allowed_hosts": settings_of_process().webhook_allowed_hosts or LOCAL_HOSTS,
        }
        self.environment = {f"POSEQUEUE_{name.upper()}": text for name, text in fields.items()}
        self.stores = self._open()
        worker = self.start_worker()
        deliverer = self.start_worker("webhooks")
        api = self._start_api()
        self._processes_started = [*self.servers, worker, deliverer, api]
        self.address = Address(f"http://127.0.0.1:{port}", self._key())
        self._wait(api, worker)
        self._say(f"api        {self.address.server}  (documentation: /docs)")
        path = self._data / "client.json"
        servers = {
            name: text
            for name, text in self.environment.items()
            if "_REDIS_" in name or "_S3_" in name
        }
        known = {"server": self.address.server, "key": self.address.key, "environment": servers}
        write_private(path, json.dumps(known))
        self._stack.callback(path.unlink, missing_ok=True)

    def _open(self) -> Stores:
        os.environ.update(self.environment)
        settings_of_process.cache_clear()
        return Stores(settings_of_process())

    def _start_api(self) -> Process:
        command = [sys.executable, "-m", "worker.cli", "api"]
        process = Process(command, self._data / "logs" / "api.log", self.environment)
        return self._stack.enter_context(process)

    def _key(self) -> str:
        """The key of the last start, if the store still knows it, else a new one."""
        path = self._data / "key"
        known = path.read_text().strip() if path.is_file() else ""
        if known and self.stores.keys.find(known):
            return known
        key = self.stores.keys.create(TENANT, Plan.DEVELOPER, "made by up")
        write_private(path, key)
        return key

    def _wait(self, api: Process, worker: Process) -> None:
        def api_ready() -> bool:
            try:
                return httpx.get(self.address.server + "/readyz", timeout=2).status_code == 200
            except httpx.HTTPError:
                return False

        api.wait_until(api_ready, READY_S, "the API")
        worker.wait_until(lambda: self.stores.workers.serves("pose.cpu"), READY_S, "the worker")


def serve_until_stopped(system: System, stopped: Callable[[], bool]) -> None:
    """Watches the processes until `stopped()`; raises StartFailed when one ends by itself."""
    while not stopped():
        failure = system.failed()
        if failure:
            raise StartFailed(failure)
        time.sleep(0.3)
