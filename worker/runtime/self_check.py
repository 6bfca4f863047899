"""Tries what a job needs of its worker: a disk to write to, S3, models that run. Exit 0 or 1.

A process of its own, so that it opens models anew, and whatever is broken breaks nothing else.
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
"""Room on the disk below which no job is tried."""


def check_disk(given: Settings) -> None:
    """Writes to the scratch folder; raises OSError."""
    with scratch_folder(given.scratch_dir) as folder:
        free = shutil.disk_usage(folder).free
        if free < FREE_BYTES:
            raise OSError(f"{free} bytes are free, {FREE_BYTES} are needed")
        with (folder / "trial").open("wb") as file:
            file.write(bytes(1 << 20))
            os.fsync(file.fileno())


def check_s3(given: Settings) -> None:
    """Asks for an object that need not be there; raises StoreUnavailable."""
    try:
        ObjectStore(given).size("health/ready")
    except NotFound:
        return


def check_models(_: Settings) -> None:
    """Looks for a person in a grey picture; raises ModelFault."""
    if any(queue.startswith("pose.") for queue in consumed()):
        import numpy as np

        from worker.runtime.model_loading import engine

        engine().estimate_image(np.full((320, 320, 3), 128, np.uint8))


CHECKS: tuple[Callable[[Settings], None], ...] = (check_disk, check_s3, check_models)


def main() -> int:
    """Tries all; says what fails."""
    given = settings()
    configure_logs(given.log_level, given.secrets(), given.log_format)
    for check in CHECKS:
        try:
            check(given)
        except Exception as error:  # whatever it is, the worker is not to take work
            log.warning("self_check_failed", check=check.__name__, error=repr(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
