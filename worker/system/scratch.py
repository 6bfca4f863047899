"""Scratch folders that a killed worker does not leave behind for ever.

Each folder holds a locked file while its owner lives; the kernel lets go of the lock with the
process, so a folder whose lock can be had is nobody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "posequeue-"
_LOCK = ".owner"


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A fresh folder below `parent` (none = the system's temp folder), deleted at the end."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True) as name,
        _owned(Path(name)),
    ):
        yield Path(name)


def own_folder(parent: Path | None, name: str) -> Path:
    """A fresh, empty folder of this process, which a program that it becomes is to `keep`."""
    folder = (parent or Path(tempfile.gettempdir())) / f"{_PREFIX}{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)  # of another process of this number
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def keep(folder: Path) -> Iterator[None]:
    """The folder is ours, and our children's, and deleted at the end."""
    with _owned(folder):
        yield
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Locked before it bears the lock's name: nobody finds it without an owner in between."""
    unnamed = folder / f"{_LOCK}.new"
    with unnamed.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / _LOCK)
        yield


def clear_orphans(parent: Path | None) -> int:
    """Deletes the folders of dead owners; returns how many there were."""
    root = parent or Path(tempfile.gettempdir())
    return sum(_cleared(folder) for folder in root.glob(f"{_PREFIX}*") if folder.is_dir())


def _cleared(folder: Path) -> bool:
    with contextlib.suppress(OSError), (folder / _LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
        return True
    return False
