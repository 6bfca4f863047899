"""Scratch folders that are deleted even if their process was killed.

Each folder contains a file that its owner locks while it lives. The kernel releases the lock with
the process, so a folder whose lock is free has no owner.
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
    """A fresh folder below `parent` (None = the system's temp folder), deleted after the block."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True) as name,
        _owned(Path(name)),
    ):
        yield Path(name)


def own_folder(parent: Path | None, name: str) -> Path:
    """Creates an empty folder for this process id, for the program that the process will exec.

    That program owns it by `keep`. A folder left by an earlier process of the same id is deleted.
    """
    folder = (parent or Path(tempfile.gettempdir())) / f"{_PREFIX}{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)  # left by an earlier process with this id
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def keep(folder: Path) -> Iterator[None]:
    """Owns `folder`, for this process and its children, and deletes it after the block."""
    with _owned(folder):
        yield
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Locks the file before it gets its name, so that no folder is seen with an unlocked one."""
    unnamed = folder / f"{_LOCK}.new"
    with unnamed.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / _LOCK)
        yield


def clear_orphans(parent: Path | None) -> int:
    """Deletes the scratch folders below `parent` whose owner is dead; returns how many."""
    root = parent or Path(tempfile.gettempdir())
    return sum(_cleared(folder) for folder in root.glob(f"{_PREFIX}*") if folder.is_dir())


def _cleared(folder: Path) -> bool:
    with contextlib.suppress(OSError), (folder / _LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
        return True
    return False
