"""Names of the Celery tasks, and sending them: where a job waits and who is woken for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kombu.exceptions import OperationalError

from worker.contract.jobs import Job
from worker.contract.options import JobOptions
from worker.queueing.celery_app import KEY_PREFIX, QUEUES, Queue, app
from worker.storage.connection import DISCONNECTED, REFUSING, Client
from worker.storage.queue.workers import Worker

RUN_NEXT = "posequeue.run_next"
MAINTAIN = "posequeue.maintain"
BROKER_ERRORS = (OperationalError, OSError, *DISCONNECTED, *REFUSING)
"""What sending raises where the broker is silent, or refuses."""
ENOUGH_WAKEUPS = 64
"""More than these need not wait for workers: each run sends the next one."""


def choose_queue(options: JobOptions, alive: Sequence[Worker]) -> Queue:
    """Where a new job goes: `webgl` prefers GPU workers, `wasm` CPU ones, else a GPU if one lives.

    Where the preferred kind has no live worker and the other has, the other takes it.
    """
    served = {queue for worker in alive for queue in worker.queues}
    preferred: tuple[Queue, Queue] = (
        ("pose.cpu", "pose.gpu") if options.poseBackend == "wasm" else ("pose.gpu", "pose.cpu")
    )
    for queue in preferred:
        if queue in served:
            return queue
    return "pose.cpu"


def _send(name: str, queue: str, *given: str) -> None:
    # when it was sent tells how old a queue is
    app.send_task(name, args=list(given), queue=queue, headers={"sent": time.time()})


def other_pose_queue(queue: str) -> str:
    """The queue of the other kind of worker."""
    return "pose.cpu" if queue == "pose.gpu" else "pose.gpu"


def effective_queue(queue: str, alive: Sequence[Worker]) -> str:
    """Whose workers run what waits in `queue`: the other kind's where its own has none."""
    served = {name for worker in alive for name in worker.queues}
    other = other_pose_queue(queue)
    return other if queue != "export" and queue not in served and other in served else queue


def without_workers(job: Job, alive: Sequence[Worker]) -> bool:
    """Whether no living worker takes what is next of a job."""
    queue = effective_queue(job.waits_in, alive)
    return all(queue not in worker.queues for worker in alive)


def unserved(alive: Sequence[Worker]) -> list[str]:
    """Queues without a worker that takes from them; either pose queue is enough for both."""
    served = {name for worker in alive for name in worker.queues}
    poses = "pose.cpu" in served or "pose.gpu" in served
    return [name for name in QUEUES if name not in served and not (poses and "pose" in name)]


def send_wakeups(waiting: str, queue: str, count: int = 1) -> None:
    """Has workers of `queue` run the next `count` jobs of the fair queue `waiting`.

    A wake-up names no job: what is next is decided when a worker is free. More wake-ups than jobs
    do no harm, nor do fewer.
    """
    for _ in range(count):
        _send(RUN_NEXT, queue, waiting)


def pending_wakeups(client: Client, queue: str) -> Any:
    """How many wake-ups wait for workers of `queue`; of a pipeline, the reply to come."""
    return client.llen(KEY_PREFIX + queue)


def tasks_in(client: Client, queues: Sequence[str]) -> int:
    """How many wake-ups wait in queues."""
    with client.pipeline(transaction=False) as pipe:
        for queue in queues:
            pending_wakeups(pipe, queue)
        return sum(map(int, pipe.execute()))


def send_maintenance() -> None:
    """Has a worker do what is due: batches to make, jobs to archive, things to erase."""
    _send(MAINTAIN, "maintenance")
