"""Child processes that end with this one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
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
_LOWEST_PORT, _FIRST_EPHEMERAL = 20_000, 32_768
"""Between them a connection that somebody opens meanwhile takes no port: Linux gives those from
32768 on (ip_local_port_range)."""
_DEAD_S = 60
"""Most seconds to wait for the end of a process that was killed."""
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(RuntimeError):
    """A server did not start; the text holds the end of its log."""


def free_port() -> int:
    """A TCP port of the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> int:
    """The first of `count` consecutive free ports; raises StartFailed."""
    for _ in range(200):
        first = _LOWEST_PORT + secrets.randbelow(_FIRST_EPHEMERAL - _LOWEST_PORT - count)
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
    """A child in its own session with its output in a file; a context manager that stops it."""

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
        """The child's process id, which is that of its process group too."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child is alive."""
        return self._child.poll() is None

    def tail(self, size: int = 2000) -> str:
        """The last `size` bytes of the child's log, as text."""
        return self.log.read_bytes()[-size:].decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, name: str) -> None:
        """Waits until `ready()`; raises StartFailed if the child ends or `timeout_s` seconds pass.

        `name` is what the error calls the child.
        """
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if not self.running:
                raise StartFailed(f"{name} ended at once:\n{self.tail()}")
            if ready():
                return
            time.sleep(0.05)
        raise StartFailed(f"{name} is not ready after {timeout_s:g} s:\n{self.tail()}")

    def kill(self) -> None:
        """Kills the child and its process group."""
        self._signal(signal.SIGKILL)
        self._child.wait(_DEAD_S)

    def stop(self) -> None:
        """Terminates the child, and after the grace period kills its process group."""
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
