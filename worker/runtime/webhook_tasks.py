"""Celery's side of a webhook worker: threads, as it does nothing but wait for others' answers."""

from __future__ import annotations

import logging
import os
import socket
import threading
from functools import cache
from typing import Any

from celery import bootsteps, signals

import worker.runtime.signals  # noqa: F401  (logs, metrics and traces follow the worker's signals)
from worker.queueing.celery_app import DELIVERY_THREADS, app
from worker.queueing.queues import DELIVER, send_delivery
from worker.runtime.housekeeping import Housekeeping
from worker.settings import settings
from worker.storage.stores import Stores, open_stores
from worker.webhooks.delivery_worker import DeliveryWorker
from worker.webhooks.firehose_consumer import FirehoseConsumer, FirehoseThreads
from worker.webhooks.sender import Sender

_STOPPING = threading.Event()
# two lines a turn would be most of the log; what fails is logged all the same
for _chatty in ("celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


@cache
def _stores() -> Stores:
    return open_stores(settings())


@cache
def _courier() -> DeliveryWorker:
    threads = int(os.environ.get("POSEQUEUE_WORKER_SLOTS", DELIVERY_THREADS))
    return DeliveryWorker(_stores(), Sender(settings()), threads, stopping=_STOPPING.is_set)


# a lost task is no loss: what is due is told again by every worker's pulse
@app.task(name=DELIVER, acks_late=False)
def deliver(endpoint: str, **_newer: object) -> None:
    """One turn of an endpoint; where more is due, it goes to the back of the queue."""
    if _courier().deliver(endpoint) and _stores().turns.take(endpoint):
        send_delivery(endpoint)


class Listener(bootsteps.StartStopStep):  # type: ignore[misc]
    """The threads that listen to the firehose, started once."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    _ringing: FirehoseThreads | None = None

    def start(self, parent: Any) -> None:  # noqa: ARG002
        """At every (re)connection of the consumer; the threads see to their own."""
        if Listener._ringing is None:
            name = f"{socket.gethostname()}:{os.getpid()}"
            Listener._ringing = FirehoseThreads(
                FirehoseConsumer(_stores(), name, send_delivery), _STOPPING
            )
            Listener._ringing.start()


@signals.worker_shutting_down.connect
def _stop(**_: Any) -> None:
    _STOPPING.set()


app.steps["consumer"].add(Housekeeping)
app.steps["consumer"].add(Listener)
