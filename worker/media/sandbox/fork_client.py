"""Processes forked off a template, one an input: that no Python program is started anew saves most.

The template is `fork_server.py` in a process of its own, started at the first use and held by the
process that uses it: when that ends, however it does, the template reads the end of its socket and
ends too, and its fork with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from worker.media.sandbox.fork_server import KILL, MOST_BYTES, READY
from worker.media.sandbox.media_process import ChildLimits, MediaProcess

RENEWED_AFTER = 1000
"""Forks of one template: they all have the same layout of memory, which is not to stay for ever."""

_GRACE_S = 10.0
_START_S = 60.0
_spent_s = 0.0


class ForkServerLost(OSError):
    """The template could not be started, or ended under a fork."""


def forked_seconds() -> float:
    """Processor time of templates and their forks so far: they are no children of this process's,
    or not yet."""
    return _spent_s


def _environment() -> dict[str, str]:
    """Bare: there may be secrets in ours. A fork would lose a library's threads."""
    return {"LC_ALL": "C", "PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"}


class ForkServer:
    """Forks of `program`, a Python program that calls `fork_server.serve`; one at a time."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._forget()

    def _forget(self) -> None:
        self._owner = os.getpid()
        self._fork_lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._forks = 0
        self._seconds = 0.0

    @property
    def pid(self) -> int | None:
        """The template's, None where there is none."""
        return self._process.pid if self._process else None

    def run(
        self, args: Sequence[str], limits: ChildLimits, source: Path, *, threads: bool = False
    ) -> ForkedProcess:
        """A fork that has `args` and reads `source` on standard input; waits until no other runs.
        Without `threads` it can make neither threads nor processes.

        Raises ForkServerLost, and OSError where `source` cannot be opened.
        """
        if self._owner != os.getpid():  # a copy: the template is our parent's
            if self._control is not None:
                self._control.close()
            self._forget()
        amounts = (
            limits.cpu_seconds, limits.memory_bytes, limits.file_bytes, limits.open_files,
        )  # fmt: skip
        request = {"args": list(args), "limits": amounts, "threads": threads}
        return ForkedProcess(self, json.dumps(request).encode(), limits, source)

    def close(self) -> None:
        """Ends the template, if there is one; the next fork has a new one."""
        process, control = self._process, self._control
        self._process = self._control = None
        self._forks, self._seconds = 0, 0.0
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _started(self) -> socket.socket:
        if self._forks >= RENEWED_AFTER:
            self.close()
        if self._control is None:
            self._start()
        assert self._control is not None
        self._forks += 1
        return self._control

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._control = ours
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(self._program)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
                cwd="/",
            )
        ours.settimeout(_START_S)
        try:
            said = ours.recv(MOST_BYTES)
        except OSError as error:
            said = repr(error).encode()
        if said != READY:
            self.close()
            raise ForkServerLost(f"{self._program.name} does not start: {said.decode()}")

    def _note(self, seconds: float) -> None:
        global _spent_s
        _spent_s += seconds - self._seconds
        self._seconds = seconds


class ForkedProcess(MediaProcess):
    """One fork; leaving the `with` block kills it if it still runs."""

    def __init__(
        self, server: ForkServer, request: bytes, limits: ChildLimits, source: Path
    ) -> None:
        self._server = server
        server._fork_lock.acquire()
        self._ours = True
        try:
            self._fork = _Fork(server, request, source)
            super().__init__(self._fork, limits, "python")
        except BaseException:
            self._release_lock()
            raise

    def finish(self) -> int:
        """Waits for the exit and returns the status; raises ChildStalled, ForkServerLost."""
        status = super().finish()
        if self._fork.lost:
            raise ForkServerLost("the template ended under its fork")
        return status

    def _release_lock(self) -> None:
        if self._ours:
            self._ours = False
            self._server._fork_lock.release()

    def _kill(self) -> None:
        self._fork.kill()

    def close(self) -> None:
        """Kills it and what it started, and reaps it; may be called again."""
        try:
            super().close()
        finally:
            self._release_lock()


class _Fork:
    """As `subprocess.Popen` has it."""

    def __init__(self, server: ForkServer, request: bytes, source: Path) -> None:
        self.returncode: int | None = None
        self.lost = False
        self._killed = False
        self.stdin: IO[bytes] | None = None
        self._server = server
        with open(source, "rb") as given:
            out, its_out = os.pipe()
            said, its_said = os.pipe()
            self.stdout: IO[bytes] | None = os.fdopen(out, "rb", 0)
            self.stderr: IO[bytes] | None = os.fdopen(said, "rb", 0)
            try:
                self._control = self._ask(request, [given.fileno(), its_out, its_said])
            except BaseException:
                self.stdout.close()
                self.stderr.close()
                raise
            finally:
                os.close(its_out)
                os.close(its_said)

    def _ask(self, request: bytes, streams: list[int]) -> socket.socket:
        control = self._server._started()
        try:
            socket.send_fds(control, [request], streams)
        except OSError:  # it was killed while it had nothing to do
            self._server.close()
            control = self._server._started()
            socket.send_fds(control, [request], streams)
        return control

    def poll(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._status(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """The same at its end; raises subprocess.TimeoutExpired."""
        status = self._status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("fork", timeout or 0.0)
        return status

    def kill(self) -> None:
        """Ends it, with the template where that does not obey."""
        self._killed = True
        with contextlib.suppress(OSError):
            self._control.send(KILL)
        if self._status(_GRACE_S) is None:
            self._gone()

    def _status(self, timeout_s: float | None) -> int | None:
        if self.returncode is None:
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            if poll.poll(None if timeout_s is None else timeout_s * 1000):
                self._end()
        return self.returncode

    def _end(self) -> None:
        try:
            answer = self._control.recv(MOST_BYTES)
        except OSError:
            answer = b""
        if not answer:
            self.lost = True
            self._gone()
            return
        found = json.loads(answer)
        self._server._note(found["seconds"])
        self.returncode = os.waitstatus_to_exitcode(found["status"])
        if self.returncode < 0 and not self._killed:
            # the input's victim, or its tool: the next one's memory is to lie elsewhere
            self._server.close()

    def _gone(self) -> None:
        process = self._server._process
        if process is not None:
            process.kill()
        self._server.close()
        self.returncode = -signal.SIGKILL
