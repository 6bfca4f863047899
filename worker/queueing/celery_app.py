"""The Celery application and the sending of jobs; light enough for the API's image.

Redis traps that these settings answer are in worker/README.md. No result backend: the state of a
job lives in our own keys. Who runs a job is decided by its lease, so a task may come twice.

Tasks are wake-ups: they name no job, and a lost one is sent again by the sweep. One with more
arguments than a worker knows runs without them; one that it does not know at all is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal

from celery import Celery
from celery.signals import celeryd_init

from worker.observability.log_setup import configure_logs
from worker.queueing.broker_connection import SteadyAmqp
from worker.settings import settings
from worker.storage.connection import tls_options

Queue = Literal["pose.cpu", "pose.gpu", "export", "maintenance", "webhooks"]
QUEUES: tuple[Queue, ...] = ("pose.cpu", "pose.gpu", "export", "maintenance", "webhooks")
DELIVERY_THREADS = 32
"""Threads of a worker of the queue `webhooks`, unless its command line says otherwise."""

VISIBLE_S = 3600
"""Seconds after which a wake-up that nobody acknowledged is sent again, whatever became of it."""
KEY_PREFIX = "pq:celery:"
START_S = (300.0, 3600.0)
"""Seconds in which a process has to be up; the second where TensorRT may build its engines."""


def consumed() -> tuple[str, ...]:
    """The queues this worker consumes from, as its command line says."""
    return tuple(os.environ.get("POSEQUEUE_WORKER_QUEUES", ",".join(QUEUES)).split(","))


def consumption_order(queues: Iterable[str]) -> tuple[str, ...]:
    """Queues in the order in which a worker looks into them: what has begun is finished first."""
    order = ("maintenance", "webhooks", "export", "pose.gpu", "pose.cpu")
    return tuple(sorted(queues, key=order.index))


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
            "visibility_timeout": VISIBLE_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": KEY_PREFIX,
            "priority_steps": [0],
            # in the order of `consumption_order`
            "queue_order_strategy": "priority",
        },
        # who delivers webhooks needs no models: its image has no onnxruntime
        "imports": ("worker.runtime.webhook_tasks",) if _delivers() else ("worker.runtime.tasks",),
    }


app = Celery("posequeue", amqp=SteadyAmqp)
app.add_defaults(_configuration)  # read at the first use, not at import


@celeryd_init.connect
def _log_without_secrets(**_: Any) -> None:
    """Before a worker logs anything; its processes inherit it."""
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)
