"""Names and sending of the Celery tasks, and the choice of queues for jobs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kombu.exceptions import OperationalError

from worker.contract.jobs import Job
from worker.contract.options import JobOptions
from worker.queueing.celery_app import KEY_PREFIX, QUEUES, Queue, app
from worker.storage.connection import DISCONNECTED, REFUSING, Client
from worker.storage.queue.fair_queue import MANIFEST
from worker.storage.queue.workers import Worker

RUN_NEXT = "posequeue.run_next"
MAINTAIN = "posequeue.maintain"
BROKER_ERRORS = (OperationalError, OSError, *DISCONNECTED, *REFUSING)
"""Errors raised by sending where the broker does not answer or refuses."""


def choose_queue(options: JobOptions, alive: Sequence[Worker]) -> Queue:
    """Returns the queue of a new job: `wasm` prefers CPU workers, else GPU workers are preferred.

    Falls back to the other kind where the preferred one has no live worker, and to `pose.cpu`.
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
    # the age of a queue is computed from this header
    app.send_task(name, args=list(given), queue=queue, headers={"sent": time.time()})


def other_pose_queue(queue: str) -> str:
    """Returns the pose queue of the other kind of worker."""
    return "pose.cpu" if queue == "pose.gpu" else "pose.gpu"


def effective_queue(queue: str, alive: Sequence[Worker]) -> str:
    """Returns the queue whose workers run the jobs of `queue`: the other pose queue if its own has
    no live worker and the other has."""
    if queue == MANIFEST:
        return "maintenance"
    served = {name for worker in alive for name in worker.queues}
    other = other_pose_queue(queue)
    return other if queue != "export" and queue not in served and other in served else queue


def without_workers(job: Job, alive: Sequence[Worker]) -> bool:
    """Returns whether no live worker takes the next stage of a job."""
    queue = effective_queue(job.waits_in, alive)
    return all(queue not in worker.queues for worker in alive)


def unserved(alive: Sequence[Worker]) -> list[str]:
    """Returns the queues without a live worker; a worker of either pose queue serves both."""
    served = {name for worker in alive for name in worker.queues}
    poses = "pose.cpu" in served or "pose.gpu" in served
    return [name for name in QUEUES if name not in served and not (poses and "pose" in name)]


def enough_wakeups(queue: str, alive: Sequence[Worker]) -> int:
    """Returns how many pending wake-ups of `queue` are enough: one a slot, as each run sends
    further ones."""
    return max(1, sum(worker.slots for worker in alive if queue in worker.queues))


def send_wakeups(waiting: str, queue: str, count: int = 1) -> None:
    """Makes workers of `queue` run the next `count` jobs of the fair queue `waiting`.

    A wake-up names no job: the next one is chosen when a worker is free. Too many or too few
    wake-ups are harmless.
    """
    for _ in range(count):
        _send(RUN_NEXT, queue, waiting)


def pending_wakeups(client: Client, queue: str) -> Any:
    """Returns the number of pending wake-ups of `queue`; on a pipeline, queues the command."""
    return client.llen(KEY_PREFIX + queue)


def tasks_in(client: Client, queues: Sequence[str]) -> int:
    """Returns the total number of pending tasks in `queues`."""
    with client.pipeline(transaction=False) as pipe:
        for queue in queues:
            pending_wakeups(pipe, queue)
        return sum(map(int, pipe.execute()))


def send_maintenance() -> None:
    """Makes a worker run the due maintenance: expand batches, archive jobs, erase data."""
    _send(MAINTAIN, "maintenance")
