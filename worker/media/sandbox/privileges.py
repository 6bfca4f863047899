"""Children of root run as nobody: they read what they are handed, and can open nothing else.

Other programs are started so (`Child`). Python's may lie where nobody can read them, so ours drop
their privileges themselves, after their imports and before they look at a byte of the input.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from functools import lru_cache

NOBODY = 65534
"""User and group without rights on Linux (Linux Standard Base, nfsnobody and its successors)."""

PROCESSES = 4096
"""Threads of all of nobody's processes, RLIMIT_NPROC: plenty for ffmpeg, few for a fork bomb."""

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


@lru_cache(maxsize=16)
def runs_as_nobody(program: str) -> bool:
    """Whether this process is root, and nobody may run `program`."""
    if os.geteuid() != 0:
        return False
    try:
        tried = subprocess.run(
            ["/bin/sh", "-c", '[ -x "$(command -v "$1")" ]', "sh", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False  # a container may forbid root to be anybody else
    return tried.returncode == 0


def drop(*, handed_over: bool = False) -> None:
    """Runs this process as the user `nobody` for good, where it is root's. What `create_for_nobody`
    made stays in reach."""
    if os.geteuid() != 0:
        return
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except PermissionError:
        return  # as above
    if handed_over:
        # the kernel hides /proc/self/fd from who changed its user; such a file is opened there
        _prctl(_PR_SET_DUMPABLE, 1)


def make_undumpable() -> None:
    """Has no other process of its user's look into this one, or trace it (ptrace(2)); its forks
    neither."""
    _prctl(_PR_SET_DUMPABLE, 0)


def set_no_new_privs(parent: int) -> None:
    """Has this process end with its `parent`, and gain no rights by running a program; for good."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be said
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def create_for_nobody(path: str) -> str:
    """Makes an empty file at `path`, and names it as it can be opened after `drop`."""
    if os.geteuid() != 0:
        return path
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.fchown(descriptor, NOBODY, NOBODY)
    except PermissionError:
        os.close(descriptor)
        return path
    return f"/proc/self/fd/{descriptor}"


def reclaim(path: str | os.PathLike[str]) -> None:
    """Makes a file that was handed over this process's own, with its ordinary mode."""
    if os.geteuid() != 0:
        return
    mask = os.umask(0o022)
    os.umask(mask)
    os.chown(path, 0, os.getegid())
    os.chmod(path, 0o666 & ~mask)
