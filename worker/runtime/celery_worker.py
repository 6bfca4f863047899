"""The Celery worker of this process, started without Celery's command line.

That program imports its other commands, an interactive shell among them, and runs in a Python of
its own: together a third of the processor time from a cold start to a job's first message.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from worker.queueing.celery_app import app, consumption_order


def run_celery_worker(queues: Sequence[str], pool: str, slots: int, log_level: str) -> int:
    """Runs a worker until it is told to stop; returns its exit status.

    `pool` is Celery's kind of pool (`prefork`, `threads`), `slots` its size. To be called in the
    main thread, before there are others: the pool forks.
    """
    worker = app.Worker(
        hostname=f"posequeue-{os.getpid()}@{socket.gethostname()}",
        pool_cls=pool,
        concurrency=slots,
        queues=consumption_order(queues),
        loglevel=log_level,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)
