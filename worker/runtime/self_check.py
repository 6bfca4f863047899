"""Checks what jobs need of a worker: a writable disk, S3, working models. Exit status 0 or 1.

Runs as a process of its own, so that models are loaded anew and a crash affects nothing else.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

import structlog

from worker.observability.log_setup import configure_logs
from worker.queueing.celery_app import consumed
from worker.settings import Settings, settings
from worker.storage.errors import NotFound
from worker.storage.objects.s3 import ObjectStore
from worker.system.scratch import scratch_folder

log = structlog.get_logger()

FREE_BYTES = 256 << 20
"""Free bytes on the disk below which the check fails."""


def check_disk(given: Settings) -> None:
    """Writes to the scratch folder; raises OSError, also if the disk is nearly full."""
    with scratch_folder(given.scratch_dir) as folder:
        free = shutil.disk_usage(folder).free
        if free < FREE_BYTES:
            raise OSError(f"{free} bytes are free, {FREE_BYTES} are needed")
        with (folder / "trial").open("wb") as file:
            file.write(bytes(1 << 20))
            os.fsync(file.fileno())


def check_s3(given: Settings) -> None:
    """Requests an object that need not exist; raises StoreUnavailable."""
    try:
        ObjectStore(given).version("health/ready")
    except NotFound:
        return


def check_models(_: Settings) -> None:
    """Runs the models on a grey image if the worker runs pose jobs; raises ModelFault."""
    if any(queue.startswith("pose.") for queue in consumed()):
        import numpy as np

        from worker.runtime.model_loading import engine

        engine().estimate_image(np.full((320, 320, 3), 128, np.uint8))


CHECKS: tuple[Callable[[Settings], None], ...] = (check_disk, check_s3, check_models)


def main() -> int:
    """Runs all checks, logs the first that fails, and returns the exit status."""
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)
    for check in CHECKS:
        try:
            check(given)
        except Exception as error:  # any error: the worker must take no jobs
            log.warning("self_check_failed", check=check.__name__, error=repr(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
