"""Classifies errors: faults of this worker, or of media, tenants and services."""

from __future__ import annotations

import errno

from worker.contract.errors import ModelFault
from worker.contract.workers import Fault
from worker.storage.errors import StoreUnavailable

_DISK = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOENT, errno.ENOTDIR, errno.EACCES,
    errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENODEV, errno.ENXIO, errno.ESTALE,
})  # fmt: skip


def classify_fault(error: BaseException) -> Fault | None:
    """Returns the worker's own fault: its models or GPU, its disk, its connection to S3.

    Returns None for other errors. Redis does not count: without it no worker takes jobs.
    """
    if isinstance(error, ModelFault):
        return "models"
    if isinstance(error, StoreUnavailable):
        return "s3"
    if isinstance(error, OSError) and error.errno in _DISK:
        return "disk"
    return None
