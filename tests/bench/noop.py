"""A task that does nothing but answer, with the workers' own Celery settings."""

from __future__ import annotations

from functools import cache
from typing import Any

from celery import Celery

from worker.queueing.celery_app import _configuration
from worker.settings import settings
from worker.storage.connection import Client, connect

QUEUE = "bench.noop"
TASK = "bench.noop"


def _bare() -> dict[str, Any]:
    return {**_configuration(), "imports": (), "task_default_queue": QUEUE}


app = Celery("posequeue-bench")
app.add_defaults(_bare)


@cache
def _client() -> Client:
    return connect(settings().redis_url.get_secret_value())


@app.task(name=TASK)  # type: ignore[untyped-decorator,unused-ignore]
def noop(reply: str) -> None:
    """Answers in the list `reply`; there is no result backend."""
    _client().rpush(reply, b"done")
