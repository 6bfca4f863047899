"""The Celery application; imports little, as the API uses it too.

worker/README.md explains the pitfalls of Redis as a broker behind these settings. There is no
result backend: the state of jobs is in `worker.storage`. A lease decides which worker runs a job,
so a task may be delivered twice.

Tasks are wake-ups: they name no job, and a sweep replaces lost ones. Tasks ignore arguments that
they do not know; a worker drops tasks of an unknown name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import celeryd_init
from kombu.connection import Connection

from worker.observability.log_setup import configure_logs
from worker.settings import settings
from worker.storage.connection import tls_options

Queue = Literal["pose.cpu", "pose.gpu", "export", "maintenance", "webhooks"]
QUEUES: tuple[Queue, ...] = ("pose.cpu", "pose.gpu", "export", "maintenance", "webhooks")
DELIVERY_THREADS = 32
"""Default number of threads of a webhook worker."""

VISIBLE_S = 3600
"""Seconds after which the broker delivers an unacknowledged wake-up again."""
KEY_PREFIX = "pq:celery:"
START_S = (300.0, 3600.0)
"""Seconds in which a pool process has to start; the second where TensorRT may build engines."""


def consumed() -> tuple[str, ...]:
    """Returns the queues that this worker consumes from (environment POSEQUEUE_WORKER_QUEUES)."""
    return tuple(os.environ.get("POSEQUEUE_WORKER_QUEUES", ",".join(QUEUES)).split(","))


def consumption_order(queues: Iterable[str]) -> tuple[str, ...]:
    """Sorts queues by priority: work that was begun (exports) comes before new jobs."""
    order = ("maintenance", "webhooks", "export", "pose.gpu", "pose.cpu")
    return tuple(sorted(queues, key=order.index))


def _delivers() -> bool:
    return consumed() == ("webhooks",)


def _configuration() -> dict[str, Any]:
    given = settings()
    url = given.redis_url.get_secret_value()
    return {
        "broker_url": url,
        # without options kombu does not verify the server's certificate
        "broker_use_ssl": tls_options(url, given.redis_ca_certs) or None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": False,
        "task_default_queue": "maintenance",
        "worker_prefetch_multiplier": 1,
        # a process starts by loading models; Celery's 4 s would kill it repeatedly on a GPU
        "worker_proc_alive_timeout": START_S[given.provider == "tensorrt"],
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": True,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        # a full Redis refuses commands without closing the connection: reconnect all the same
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
        # webhook workers need no models: their image has no onnxruntime
        "imports": ("worker.runtime.webhook_tasks",) if _delivers() else ("worker.runtime.tasks",),
    }


AGAIN_S = 1
"""Seconds between attempts to reach the broker, however long the outage: Celery's own back off by
two more each time, up to half a minute, for which workers would stay idle in the end."""


class SteadyConnection(Connection):
    """A kombu connection that is retried at a constant interval."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connects, retrying every AGAIN_S seconds unless the caller sets other intervals."""
        even = {"interval_start": AGAIN_S, "interval_step": 0, "interval_max": AGAIN_S}
        return super().ensure_connection(*args, **{**even, **options})  # type: ignore[no-untyped-call]


class SteadyAmqp(AMQP):  # type: ignore[misc]
    """Celery's messaging over `SteadyConnection`."""

    Connection = SteadyConnection


app = Celery("posequeue", amqp=SteadyAmqp)
app.add_defaults(_configuration)  # read at the first use, not at import


@celeryd_init.connect
def _log_without_secrets(**_: Any) -> None:
    """Configures logging before the worker logs anything; its pool processes inherit it."""
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)
