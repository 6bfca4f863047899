"""Faults of a worker's own, told from those of media, tenants and stores that are away."""

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
    """What of the worker is at fault: its models (or what they run on), its disk, its way to S3;
    None where it is something else's. Redis is nobody's: without it no worker takes anything."""
    if isinstance(error, ModelFault):
        return "models"
    if isinstance(error, StoreUnavailable):
        return "s3"
    if isinstance(error, OSError) and error.errno in _DISK:
        return "disk"
    return None
