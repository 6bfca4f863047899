"""A webhook worker: threads, as deliveries mostly wait for answers.

The threads claim due endpoints from Redis themselves; Celery only provides the process and its
heartbeats.
"""

from __future__ import annotations

import os
import socket
import threading
from functools import cache, partial
from typing import Any

from celery import bootsteps, signals

import worker.runtime.signals  # noqa: F401  (logs, metrics and traces follow the worker's signals)
from worker.queueing.celery_app import DELIVERY_THREADS, app
from worker.runtime.housekeeping import Housekeeping
from worker.settings import settings
from worker.storage.stores import Stores
from worker.storage.webhooks.schedule import AGAIN_S
from worker.webhooks.delivery_threads import DeliveryThreads
from worker.webhooks.delivery_worker import DeliveryWorker
from worker.webhooks.firehose_consumer import FirehoseConsumer, FirehoseThreads
from worker.webhooks.sender import Sender

_STOPPING = threading.Event()


@cache
def _stores() -> Stores:
    return Stores(settings())


def _threads() -> DeliveryThreads:
    count = int(os.environ.get("POSEQUEUE_WORKER_SLOTS", DELIVERY_THREADS))
    stopping = _STOPPING.is_set
    deliverer = DeliveryWorker(_stores(), Sender(settings()), count, stopping=stopping)
    take = partial(_stores().delivery_schedule.due_endpoints.take, again_s=AGAIN_S)
    return DeliveryThreads(deliverer.deliver, take, count, _STOPPING)


class Listener(bootsteps.StartStopStep):  # type: ignore[misc]
    """Celery bootstep that starts the firehose and delivery threads once."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    _firehose_threads: FirehoseThreads | None = None

    def start(self, parent: Any) -> None:  # noqa: ARG002
        """Starts the threads; called at every (re)connection, while they have their own."""
        if Listener._firehose_threads is None:
            name = f"{socket.gethostname()}:{os.getpid()}"
            threads = _threads()
            consumer = FirehoseConsumer(_stores(), name, threads.put, room=threads.room)
            Listener._firehose_threads = FirehoseThreads(consumer, _STOPPING)
            threads.start()
            Listener._firehose_threads.start()


@signals.worker_shutting_down.connect
def _stop(**_: Any) -> None:
    _STOPPING.set()


app.steps["consumer"].add(Housekeeping)
app.steps["consumer"].add(Listener)
