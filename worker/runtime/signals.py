"""Handlers of Celery's signals that set up a worker's logs, metrics port and traces.

Imported by pose and webhook workers. `posequeue worker` makes the folder of the metrics first, as
prometheus-client needs it at import.
"""

from __future__ import annotations

import contextlib
import os
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from celery import signals

from worker.observability.log_setup import configure_stdlib_logging
from worker.observability.tracing import start_tracing, stop_tracing
from worker.settings import settings
from worker.system.scratch import keep, own_folder

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable with prometheus-client's folder."""
_resources = contextlib.ExitStack()
_server: Any = None


@signals.celeryd_init.connect  # before Celery logs any warning
@signals.setup_logging.connect  # so that Celery sets up no logging of its own
def _lead_libraries(**_: Any) -> None:
    given = settings()
    configure_stdlib_logging(given.log_level, given.log_format)


@signals.worker_init.connect
def _serve(sender: Any = None, **_: Any) -> None:
    """Starts the metrics port in the main process, before the fork."""
    global _server
    given, folder = settings(), os.environ.get(FOLDER)
    if given.metrics_port is not None and folder:
        from worker.observability.prometheus import count_here, serve_metrics

        _resources.enter_context(keep(Path(folder)))
        count_here()
        _server = serve_metrics(given.metrics_host, given.metrics_port)
    if "prefork" not in str(getattr(sender, "pool_cls", "")):
        start_tracing(given, "posequeue-webhooks")
    # the pool's temporary folder is in the scratch folder, where orphans are cleared
    pool = own_folder(given.scratch_dir, "pool")
    _resources.enter_context(keep(pool))
    current_process()._config["tempdir"] = str(pool)  # type: ignore[attr-defined]


@signals.worker_process_init.connect
def _after_the_fork(**_: Any) -> None:
    if _server is not None:
        _server.socket.close()  # the port is the main process's; children must not keep it open
    start_tracing(settings(), "posequeue-worker")


@signals.worker_process_shutdown.connect
def _end_of_child(**_: Any) -> None:
    stop_tracing()


@signals.worker_shutdown.connect
def _end(**_: Any) -> None:
    stop_tracing()
    _resources.close()
