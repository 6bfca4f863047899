"""The whole system as processes that may be killed: servers behind proxies, API, workers."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.chaos.proxy import Proxy
from worker.contract.plans import Plan
from worker.embedded.processes import Process, free_port
from worker.embedded.servers import start_redis, start_s3
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores

READY_S = 180.0
"""A start may take long on a machine that has much else to do."""
GRACE_S = 60.0
TENANT = "acme"
ROLES = {
    "api": "",
    "pose-1": "pose.cpu,maintenance",
    "pose-2": "pose.cpu,maintenance",
    "export": "export,maintenance",
    "webhooks": "webhooks",
}
"""Every process of the system, with the queues of those that are workers."""
_RESOLVER = Path(__file__).parent / "resolver"
_PR_SET_CHILD_SUBREAPER = 36
_TMPFS_BYTES = 400 * 1024 * 1024
"""A worker that stopped taking jobs wants 256 MiB free before it takes any again."""


def until(condition: Callable[[], bool], seconds: float, pause_s: float = 0.1) -> bool:
    """Waits until it is so; whether it came to be."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


class Fleet:
    """Real servers below `folder`, and the processes of ROLES; a context manager.

    Our processes reach Redis and S3 through proxies, `stores` and whoever watches directly. What
    a process leaves behind becomes our child, so that orphans can be counted.
    """

    def __init__(
        self, folder: Path, roles: Mapping[str, str] = ROLES, lease_ttl_s: float = 5.0
    ) -> None:
        self._folder = folder
        self._roles = roles
        self.lease_ttl_s = lease_ttl_s
        self._stack = contextlib.ExitStack()
        self._strangers = _children()
        self.processes: dict[str, Process] = {}
        self.ended: list[str] = []
        """What ended by itself, and the end of what it said."""
        self.wrong: list[str] = []
        """What a fault itself has seen that must not be."""
        self._known: set[int] = set()
        self._lives = 0
        self.tmpfs = False

    def __enter__(self) -> Fleet:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._stack.close()

    def _start(self) -> None:
        _be_subreaper(True)
        self._stack.callback(_be_subreaper, False)
        self.scratch = self._folder / "scratch"
        self.temporary = self._folder / "tmp"
        for folder in (self.scratch, self.temporary):
            folder.mkdir()
        (self._folder / "redis").mkdir()
        self._mount(self.scratch)
        self._mount(self._folder / "redis")
        (self._folder / "s3").mkdir()
        self._mount(self._folder / "s3")
        self.redis = start_redis(self._folder / "redis")
        self._stack.callback(lambda: self.redis.process.stop())
        s3 = start_s3(self._folder / "s3")
        self._stack.callback(s3.process.stop)
        self.s3 = s3
        self._known |= {self.redis.process.pid, s3.process.pid}
        self.redis_port = int(urlsplit(self.redis.url).port or 0)
        self.redis_proxy = Proxy(self.redis_port)
        self.s3_proxy = Proxy(int(urlsplit(s3.endpoint).port or 0))
        self._stack.callback(self.redis_proxy.stop)
        self._stack.callback(self.s3_proxy.stop)
        given = {
            "s3_access_key": s3.access_key,
            "s3_secret_key": s3.secret_key,
            "data_dir": str(self._folder / "data"),
            "models_dir": str(models()),
            "scratch_dir": str(self.scratch),
            "api_port": str(free_port()),
            "lease_ttl_s": str(self.lease_ttl_s),
            "segment_s": "4",
            "webhook_allowed_hosts": "127.0.0.1",
            "webhook_retry_scale": "0.01",
            "connections_per_client": "0",
        }
        direct = {**given, "redis_url": self.redis.url, "s3_endpoint": s3.endpoint}
        self.stores = Stores(Settings.model_validate(direct))
        here, there = f":{self.redis_port}/", f":{self.redis_proxy.port}/"
        given["redis_url"] = self.redis.url.replace(here, there)
        given["s3_endpoint"] = f"http://127.0.0.1:{self.s3_proxy.port}"
        self._environment = {f"POSEQUEUE_{name.upper()}": text for name, text in given.items()}
        self._environment["TMPDIR"] = str(self.temporary)
        self._environment["PYTHONPATH"] = str(_RESOLVER)
        self.url = f"http://127.0.0.1:{given['api_port']}"
        self.key = self.stores.keys.create(TENANT, Plan.COMPANY)
        for name in self._roles:
            self.launch(name)
        for name in self._roles:
            self.wait_ready(name)

    def _mount(self, folder: Path) -> None:
        """A folder becomes a small file system of its own, where one may be mounted."""
        size = f"size={_TMPFS_BYTES},mode=755"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(command, check=True, capture_output=True, timeout=20)
            self.tmpfs = True
            undo = ["umount", "-l", str(folder)]
            self._stack.callback(subprocess.run, undo, capture_output=True, timeout=20)

    def launch(self, name: str, **more: str) -> Process:
        """Starts a process of a role; only from the main thread, with which it ends."""
        role = name.partition("+")[0]
        self._lives += 1
        log = self._folder / "logs" / f"{self._lives:03}-{name}.log"
        command = [sys.executable, "-m", "worker.cli", "api"]
        if queues := self._roles[role]:
            slots = "0" if queues == "webhooks" else "1"
            command[-1:] = ["worker", "--queues", queues, "--concurrency", slots]
        environment = {**self._environment, **more}
        process = Process(command, log, environment, grace_s=GRACE_S)
        self._known.add(process.pid)
        self.processes[name] = process
        return process

    def wait_ready(self, name: str) -> None:
        """Until the process of that name answers, or beats; raises StartFailed."""
        process = self.processes[name]
        ready = self._answers if name == "api" else lambda: self._beats(process.pid)
        process.wait_until(ready, READY_S, name)

    def is_ready(self, name: str) -> bool:
        """Whether it answers, or beats, now."""
        return self._answers() if name == "api" else self._beats(self.processes[name].pid)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def _beats(self, pid: int) -> bool:
        alive = self.stores.workers.alive()
        return any(worker.name.endswith(f":{pid}") for worker in alive)

    def has_beaten(self, name: str) -> bool:
        """Whether a worker has said that it lives, at whatever time it thinks it is."""
        end = f":{self.processes[name].pid}".encode()
        return any(known.endswith(end) for known in self.stores.redis.hkeys(keys.WORKERS))

    def children(self, name: str) -> list[int]:
        """The processes that a worker runs jobs in."""
        return _children_of(self.processes[name].pid)

    def kill(self, name: str) -> None:
        """Ends a process and all that it started, as the end of a container does."""
        self.processes[name].kill()

    def note_server(self, process: Process) -> None:
        """A server that was started again is one of us."""
        self._known.add(process.pid)

    def supervise(self) -> None:
        """Starts again what has ended, as docker or a cluster does."""
        for name, process in list(self.processes.items()):
            if not process.running:
                self.ended.append(
                    f"{name} (pid {process.pid}) ended by itself: {process.tail(600)}"
                )
                self.launch(name)

    def hold(self, seconds: float) -> None:
        """Lets time pass and looks after the processes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.supervise()
            time.sleep(0.1)

    def retire(self, name: str, seconds: float = GRACE_S) -> bool:
        """Asks a process to go and waits for it; whether it went."""
        process = self.processes.pop(name)
        os.kill(process.pid, signal.SIGTERM)
        gone = until(lambda: not process.running, seconds)
        process.kill()
        return gone

    def stop(self) -> list[str]:
        """Asks every process to go; those that did not within GRACE_S are named."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
            if process.running:
                os.kill(process.pid, signal.SIGTERM)
        going = list(self.processes.items())
        until(lambda: not any(process.running for _, process in going), GRACE_S)
        late = [name for name, process in going if process.running]
        for _, process in going:
            if process.running:
                process.kill()
        self.processes.clear()
        return late

    def orphans(self) -> list[str]:
        """Command lines of what lives though nobody here started it; the dead are buried."""
        return [
            words
            for pid in _children() - self._strangers - self._known
            if (words := _command_of(pid))
        ]


def models() -> Path:
    """The folder of the pose models."""
    root = Path(__file__).resolve().parents[2]
    given = os.environ.get("POSEQUEUE_MODELS_DIR", root / ".posequeue" / "models")
    return Path(given).resolve()


def _be_subreaper(wanted: bool) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _children() -> set[int]:
    return set(_children_of(os.getpid()))


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, thread.read_text().split())
    return found


def _command_of(pid: int) -> str:
    """Its command line; nothing where it is dead, and then it is buried."""
    with contextlib.suppress(OSError):
        if words := Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode():
            return f"{pid} {words.strip()[:200]}"
    with contextlib.suppress(OSError):
        os.waitpid(pid, os.WNOHANG)
    return ""
