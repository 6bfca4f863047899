"""Valkey is restarted again and again under idle workers: how long until they consume again?

`python -m tests.chaos.restarts [--times 20]` prints a row for each, and fails past LIMIT_S.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from worker.embedded.processes import Process
from worker.embedded.servers import RedisServer, start_redis
from worker.queueing import celery_app

LIMIT_S = 10.0
AWAY_S = (0.0, 1.0, 5.0, 20.0)
"""Seconds for which the server is away, in turn."""
KINDS = ("maintenance", "webhooks")
"""A queue of each kind of worker: one of processes, one of threads."""

# a worker as it is, but for a task that only says that it was run, and for SIGUSR2: then its
# connections hear nothing any more, and it is soon to notice
WORKER = """
import gc, signal, sys
from kombu.transport.redis import Channel
from worker.runtime import consumer_watchdog
consumer_watchdog.STUCK_S = 4.0
def deafen(*_):
    for one in gc.get_objects():
        if isinstance(one, Channel):
            one._brpop_start = lambda *_, **__: None
signal.signal(signal.SIGUSR2, deafen)
from worker.queueing.celery_app import app, consumed
from worker.runtime import webhook_tasks
module = webhook_tasks
if consumed() != ("webhooks",):
    from worker.runtime import tasks as module
@app.task(name="test.mark")
def mark(word):
    module._stores().redis.rpush("test:marks", word)
app.worker_main(["worker", "-P", sys.argv[1], "-c", "1", "-Q", ",".join(consumed()),
                 "--without-gossip", "--without-mingle", "-l", "WARNING"])
"""


@dataclass(frozen=True)
class Restart:
    """One restart: how the server ended, for how long it was away, and the seconds from its
    answering again until each kind of worker had run a task."""

    how: str
    away_s: float
    seconds: dict[str, float]


class Restarts:
    """A server below `folder` and a worker of each kind; a context manager's value."""

    def __init__(self, folder: Path, server: RedisServer, workers: dict[str, Process]) -> None:
        self._folder = folder
        self._server = server
        self._workers = workers
        self._count = 0

    def stop(self) -> None:
        """Ends the server, if it runs."""
        self._server.process.kill()

    def signal(self, kind: str, number: signal.Signals) -> None:
        """Sends a worker's main process a signal."""
        os.kill(self._workers[kind].pid, number)

    def log(self, kind: str) -> str:
        """What a worker has said."""
        return self._workers[kind].log.read_text()

    @property
    def url(self) -> str:
        """The server's."""
        return self._server.url

    def wait_for_workers(self, limit_s: float = 120.0) -> None:
        """Until each kind has run a task."""
        self._marked(time.monotonic() + limit_s)

    def restart(self, how: signal.Signals, away_s: float, limit_s: float) -> Restart:
        """One restart; raises TimeoutError where a worker has run nothing after `limit_s`."""
        if how is signal.SIGTERM:
            self._server.process.stop()
        else:
            self._server.process.kill()
        time.sleep(away_s)
        port = int(self._server.url.rpartition(":")[2].partition("/")[0])
        self._server = start_redis(self._folder / "redis", port)
        began = time.monotonic()
        return Restart(how.name, away_s, self._marked(began + limit_s, began))

    def _marked(self, end: float, began: float = 0.0) -> dict[str, float]:
        """Sends each kind a task, and returns when each was run, from `began`."""
        self._count += 1
        with celery_app.app.connection_for_write(self._server.url) as fresh:
            for kind in KINDS:
                word = f"{kind}-{self._count}"
                celery_app.app.send_task("test.mark", args=[word], queue=kind, connection=fresh)
        seconds: dict[str, float] = {}
        with contextlib.closing(redis.Redis.from_url(self._server.url)) as client:
            while len(seconds) < len(KINDS):
                for mark in client.lrange("test:marks", 0, -1):
                    kind, _, number = mark.decode().partition("-")
                    if int(number) == self._count:
                        seconds.setdefault(kind, time.monotonic() - began)
                late = [kind for kind in KINDS if kind not in seconds]
                if late and time.monotonic() > end:
                    raise TimeoutError(
                        f"no task was run by {late}:\n{self._workers[late[0]].tail()}"
                    )
                time.sleep(0.02)
        return seconds


@contextlib.contextmanager
def restarting(folder: Path) -> Iterator[Restarts]:
    """A server and workers that consume; all are ended after."""
    server = start_redis(folder / "redis")
    with contextlib.ExitStack() as stack:
        workers = {}
        for kind, pool in zip(KINDS, ("prefork", "threads"), strict=True):
            environment = {"POSEQUEUE_WORKER_QUEUES": kind, "POSEQUEUE_REDIS_URL": server.url}
            command = [sys.executable, "-c", WORKER, pool]
            process = Process(command, folder / f"{kind}.log", environment)
            stack.callback(process.kill)
            workers[kind] = process
        found = Restarts(folder, server, workers)
        stack.callback(found.stop)
        found.wait_for_workers()
        yield found


def main() -> None:
    """Prints a table; exit 1 where any took longer than LIMIT_S."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    slowest = []
    with (
        tempfile.TemporaryDirectory(prefix="posequeue-restarts-") as name,
        restarting(Path(name)) as system,
    ):
        for number in range(times):
            how = (signal.SIGKILL, signal.SIGTERM)[number // len(AWAY_S) % 2]
            one = system.restart(how, AWAY_S[number % len(AWAY_S)], 120)
            took = "  ".join(f"{kind} {one.seconds[kind]:5.2f} s" for kind in KINDS)
            print(f"{number + 1:3}  {one.how}  away {one.away_s:4.1f} s  {took}", flush=True)
            slowest.append(max(one.seconds.values()))
    late = sum(one > LIMIT_S for one in slowest)
    print(f"p50 {statistics.median(slowest):.2f} s, most {max(slowest):.2f} s, {late} late")
    sys.exit(late > 0)


if __name__ == "__main__":
    main()
