"""Names of the Celery tasks, and sending them: where a job waits and who is woken for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from worker.contract.jobs import Job, Priority, Stage
from worker.contract.options import JobOptions
from worker.queueing.celery_app import KEY_PREFIX, PRIORITY_STEPS, QUEUES, Queue, app
from worker.storage.connection import Client
from worker.storage.queue.workers import Worker

RUN_JOB = "posequeue.run_job"
RUN_NEXT = "posequeue.run_next"
ARCHIVE_JOB = "posequeue.archive_job"
TEND_BATCH = "posequeue.tend_batch"
DELIVER = "posequeue.deliver"
# on Redis 0 is the highest of the steps 0, 3, 6, 9
_PRIORITIES: dict[Priority, int] = {"high": 0, "normal": 3, "low": 6}
# what has begun is finished first: a job that is sent by name comes before any ticket
_TICKET = 9
ENOUGH_TICKETS = 64
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


def _send(name: str, given: str, queue: str, **options: Any) -> None:
    # when it was sent tells how old a queue is
    app.send_task(name, args=[given], queue=queue, headers={"sent": time.time()}, **options)


def send_job(job_id: str, queue: str, priority: Priority = "normal") -> None:
    """Puts a job into its queue; more than once does no harm."""
    _send(RUN_JOB, job_id, queue, priority=_PRIORITIES[priority])


def other_pose_queue(queue: str) -> str:
    """The queue of the other kind of worker."""
    return "pose.cpu" if queue == "pose.gpu" else "pose.gpu"


def effective_queue(queue: str, alive: Sequence[Worker]) -> str:
    """Whose workers run what waits in `queue`: the other kind's where its own has none."""
    served = {name for worker in alive for name in worker.queues}
    other = other_pose_queue(queue)
    return other if queue not in served and other in served else queue


def without_workers(job: Job, alive: Sequence[Worker]) -> bool:
    """Whether no living worker takes what is next of a job."""
    queue = queue_of(job.stage, effective_queue(job.queue, alive))
    return all(queue not in worker.queues for worker in alive)


def unserved(alive: Sequence[Worker]) -> list[str]:
    """Queues without a worker that takes from them; either pose queue is enough for both."""
    served = {name for worker in alive for name in worker.queues}
    poses = "pose.cpu" in served or "pose.gpu" in served
    return [name for name in QUEUES if name not in served and not (poses and "pose" in name)]


def send_wakeups(waiting: str, queue: str, count: int = 1) -> None:
    """Has workers of `queue` run the next `count` jobs of the fair queue `waiting`.

    A ticket names no job: what is next is decided when a worker is free. More tickets than jobs do
    no harm, nor do fewer.
    """
    for _ in range(count):
        _send(RUN_NEXT, waiting, queue, priority=_TICKET)


def pending_wakeups(client: Client, queue: str) -> Any:
    """How many tickets wait for workers of `queue`; of a pipeline, the reply to come."""
    return client.llen(f"{KEY_PREFIX}{queue}:{_TICKET}")


def tasks_in(client: Client, queues: Sequence[str]) -> int:
    """How many tasks wait in queues, over all priorities."""
    names = [f"{queue}:{step}" if step else queue for queue in queues for step in PRIORITY_STEPS]
    with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.llen(KEY_PREFIX + name)
        return sum(map(int, pipe.execute()))


def send_archive(job_id: str) -> None:
    """Has a finished job's messages and poses archived; more than once does no harm."""
    _send(ARCHIVE_JOB, job_id, "maintenance")


def send_batch(batch_id: str) -> None:
    """Has a batch's jobs made, or canceled; more than once does no harm."""
    _send(TEND_BATCH, batch_id, "maintenance")


def send_delivery(endpoint: str) -> None:
    """Has what is due for an endpoint delivered; more than once does no harm."""
    _send(DELIVER, endpoint, "webhooks")


def queue_of(stage: Stage, pose_queue: str) -> str:
    """The queue in which a stage of a job waits."""
    return "export" if stage is Stage.EXPORT else pose_queue
