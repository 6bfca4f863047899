"""Child processes that never outlive this one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_DEAD_S = 60
"""Seconds that the kernel may take to end a process that is killed: nothing waits without end."""
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(RuntimeError):
    """A server did not come up; the text holds the end of its log."""


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> int:
    """The first of `count` neighbouring free ports."""
    for _ in range(200):
        first = free_port()
        if first + count > 65_000:
            continue
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise StartFailed(f"no {count} neighbouring free ports on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A child in its own session with its output in a file; a context manager that ends it."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        env: dict[str, str] | None = None,
        *,
        grace_s: float = 10,
    ) -> None:
        self.log = log
        self._grace_s = grace_s
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._child.poll() is None

    def tail(self, size: int = 2000) -> str:
        """The end of its log."""
        return self.log.read_bytes()[-size:].decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, name: str) -> None:
        """Waits until `ready`; raises StartFailed when it dies or takes too long."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if not self.running:
                raise StartFailed(f"{name} ended at once:\n{self.tail()}")
            if ready():
                return
            time.sleep(0.05)
        raise StartFailed(f"{name} is not ready after {timeout_s:g} s:\n{self.tail()}")

    def kill(self) -> None:
        """Ends it and its group at once."""
        self._signal(signal.SIGKILL)
        self._child.wait(_DEAD_S)

    def stop(self) -> None:
        """Asks it to end, and ends it where it does not."""
        if self.running:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(self._grace_s)
        self._signal(signal.SIGKILL)
        self._child.wait(_DEAD_S)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._child.pid, number)
        except ProcessLookupError:
            return
