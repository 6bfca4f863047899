"""The Celery application and the sending of jobs; light enough for the API's image.

Redis traps that these settings answer are listed in the README. No result backend: the state of a
job lives in our own keys. Who runs a job is decided by its lease, so a task may come twice.

Tasks name a job and say nothing of it. One with more arguments than a worker knows runs without
them; one that it does not know at all is dropped, and sent again by the sweep of who does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Literal

from celery import Celery
from celery.signals import celeryd_init

from worker.contract.jobs import Priority, Stage
from worker.contract.options import JobOptions
from worker.logs import configure_logs
from worker.reconnecting import SteadyAmqp
from worker.settings import settings
from worker.store.connection import Client, tls_options
from worker.store.workers import Worker

Queue = Literal["pose.cpu", "pose.gpu", "export", "maintenance", "webhooks"]
QUEUES: tuple[Queue, ...] = ("pose.cpu", "pose.gpu", "export", "maintenance", "webhooks")
RUN_JOB = "posequeue.run_job"
RUN_NEXT = "posequeue.run_next"
ARCHIVE_JOB = "posequeue.archive_job"
TEND_BATCH = "posequeue.tend_batch"
DELIVER = "posequeue.deliver"
DELIVERY_THREADS = 32
"""Threads of a worker of the queue `webhooks`, unless its command line says otherwise."""

KEY_PREFIX = "pq:celery:"
PRIORITY_STEPS = (0, 3, 6, 9)
# on Redis 0 is the highest of the steps 0, 3, 6, 9
_PRIORITIES: dict[Priority, int] = {"high": 0, "normal": 3, "low": 6}
# what has begun is finished first: a job that is sent by name comes before any ticket
_TICKET = 9
START_S = (300.0, 3600.0)
"""Seconds in which a process has to be up; the second where TensorRT may build its engines."""
ENOUGH_TICKETS = 64
"""More than these need not wait for workers: each run sends the next one."""


def consumed() -> tuple[str, ...]:
    """The queues this worker consumes from, as its command line says."""
    return tuple(os.environ.get("POSEQUEUE_WORKER_QUEUES", ",".join(QUEUES)).split(","))


def _delivers() -> bool:
    return consumed() == ("webhooks",)


def _configuration() -> dict[str, Any]:
    given = settings()
    url = given.redis_url.get_secret_value()
    return {
        "broker_url": url,
        # kombu verifies nobody unless told so
        "broker_use_ssl": tls_options(url, given.redis_ca_certs) or None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": False,
        "task_default_queue": "maintenance",
        "task_time_limit": given.job_time_limit_s,
        "worker_prefetch_multiplier": 1,
        # a process is up once its models are; Celery's own 4 s kill it over and over on a GPU
        "worker_proc_alive_timeout": START_S[given.provider == "tensorrt"],
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": True,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        # a full Redis refuses, which is no loss of the connection: a worker comes back all the same
        "broker_channel_error_retry": True,
        "broker_connection_max_retries": None,  # running jobs outlast any outage
        "broker_transport_options": {
            "visibility_timeout": given.job_time_limit_s + 600,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": KEY_PREFIX,
            "priority_steps": list(PRIORITY_STEPS),
            "sep": ":",
            "queue_order_strategy": "priority",
        },
        # who delivers webhooks needs no models: its image has no onnxruntime
        "imports": ("worker.hooks.tasks",) if _delivers() else ("worker.tasks",),
    }


app = Celery("posequeue", amqp=SteadyAmqp)
app.add_defaults(_configuration)  # read at the first use, not at import


@celeryd_init.connect
def _log_without_secrets(**_: Any) -> None:
    """Before a worker logs anything; its processes inherit it."""
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)


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


def served_by(queue: str, alive: Sequence[Worker]) -> str:
    """Whose workers run what waits in `queue`: the other kind's where its own has none."""
    served = {name for worker in alive for name in worker.queues}
    other = other_pose_queue(queue)
    return other if queue not in served and other in served else queue


def send_tickets(waiting: str, queue: str, count: int = 1) -> None:
    """Has workers of `queue` run the next `count` jobs of the fair queue `waiting`.

    A ticket names no job: what is next is decided when a worker is free. More tickets than jobs do
    no harm, nor do fewer.
    """
    for _ in range(count):
        _send(RUN_NEXT, waiting, queue, priority=_TICKET)


def tickets(client: Client, queue: str) -> Any:
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
