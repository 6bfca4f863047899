"""A process that parses hostile bytes, watched through its pipes, and surely gone at the end.

`child_process.py` starts a program for it, `fork_client.py` has a template of it forked.
"""

from __future__ import annotations

import fcntl
import math
import os
import re
import select
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Protocol, Self

from worker.observability.metrics import CHILD_FAILURES, record

TAIL_BYTES = 8192
"""What is kept of a child's standard error."""

_PIPE_BYTES = 1 << 20
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")


class ChildStalled(TimeoutError):
    """A child neither read nor wrote nor ended within the time allowed."""


@dataclass(frozen=True)
class ChildLimits:
    """What one child may use: processor seconds, address space, size of a file it writes,
    open files, seconds without a sign of life, and seconds in all (0 = as long as it gets on).

    With `gpu` not addresses count but what it can write to (RLIMIT_DATA), as CUDA reserves more of
    them than there is memory; and it may open the devices, and sees the variables that name them.
    """

    cpu_seconds: int = 600
    memory_bytes: int = 6 << 30
    file_bytes: int = 0
    open_files: int = 64
    stall_seconds: float = 120.0
    wall_seconds: float = 0.0
    gpu: bool = False


def _widen(pipe: IO[bytes] | None) -> None:
    if pipe is None or not hasattr(fcntl, "F_SETPIPE_SZ"):
        return
    try:
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:
        return  # over the user's pipe quota: the default size works, only slower


CORRUPT, PARTIAL = b"corrupt decoded frame", b"partial file"
"""What ffmpeg says of each damaged frame, and of a file that ends before its index does."""
REFUSED = (b"hardware accelerator failed", b"Error submitting packet to decoder")
"""What it says where hardware does not decode a frame that software might."""
ERROR = b"[error]"
"""What begins a line in which a program that names levels says what it cannot read."""
SAME_TIME = b"non monotonically increasing dts to muxer"
"""What it says at that level of frames that share a time: they are written all the same."""
MARKS = (CORRUPT, PARTIAL, *REFUSED, ERROR, SAME_TIME)
"""What is counted of all that it says."""


def _drain(stderr: IO[bytes], tail: bytearray, marks: Counter[bytes]) -> None:
    rest = b""
    while piece := stderr.read(4096):
        tail += piece
        del tail[:-TAIL_BYTES]
        whole, _, rest = (rest + piece).rpartition(b"\n")
        for mark in MARKS:
            marks[mark] += whole.count(mark)
        rest = rest[-4096:]


class Running(Protocol):
    """What is asked of a started process; as `subprocess.Popen` has it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    returncode: int | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class MediaProcess(ABC):
    """One running process; leaving the `with` block kills it if it still runs.

    `program` is its name in the metrics.
    """

    def __init__(self, process: Running, limits: ChildLimits, program: str) -> None:
        self._process = process
        self._limits = limits
        self._program = program
        self._ends = time.monotonic() + limits.wall_seconds if limits.wall_seconds else math.inf
        self._tail = bytearray()
        self._marks: Counter[bytes] = Counter()
        assert process.stdout is not None
        self._stdout = process.stdout
        self._stdin = process.stdin
        _widen(self._stdout)
        _widen(self._stdin)
        if self._stdin is not None:
            os.set_blocking(self._stdin.fileno(), False)
        # The thread must not hold the child: one that is forgotten is to close its pipes and die.
        self._drain = threading.Thread(
            target=_drain, args=(process.stderr, self._tail, self._marks), daemon=True
        )
        self._drain.start()

    @abstractmethod
    def _kill(self) -> None:
        """Kills it and what it started; it has not been reaped yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    @property
    def out_of_limits(self) -> bool:
        """Whether it was ended by a limit (processor time, size of its output)."""
        return self.returncode in (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ)

    @property
    def marks(self) -> Counter[bytes]:
        """How often it complained of what is in MARKS; whole once it has ended."""
        return self._marks

    @property
    def tail(self) -> str:
        """The last it said on standard error, the same each time; whole once it has ended."""
        text = bytes(self._tail).decode("utf-8", "replace")
        return _ADDRESS.sub("", text).strip()

    def _wait_for(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = self._ends - time.monotonic()
        if not poll.poll(max(0.0, min(self._limits.stall_seconds, left)) * 1000):
            record(CHILD_FAILURES, 1, self._program, "stalled")
            if left <= self._limits.stall_seconds:
                raise ChildStalled(f"not done within {self._limits.wall_seconds:g} s")
            raise ChildStalled(f"no sign of life for {self._limits.stall_seconds:g} s")

    def read_into(self, buffer: memoryview) -> int:
        """Fills `buffer` (bytes) from standard output; fewer bytes only at its end.

        Raises ChildStalled.
        """
        descriptor = self._stdout.fileno()
        filled = 0
        while filled < len(buffer):
            self._wait_for(descriptor, select.POLLIN)
            count = os.readv(descriptor, [buffer[filled:]])
            if count == 0:
                break
            filled += count
        return filled

    def write(self, data: memoryview) -> None:
        """Writes all of `data` to standard input; raises ChildStalled, BrokenPipeError."""
        assert self._stdin is not None
        descriptor = self._stdin.fileno()
        while data:
            self._wait_for(descriptor, select.POLLOUT)
            try:
                data = data[os.write(descriptor, data) :]
            except BlockingIOError:
                continue

    def has_output(self) -> bool:
        """Whether reading its output would not wait: there is some, or it has ended."""
        poll = select.poll()
        poll.register(self._stdout.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    @property
    def output(self) -> int:
        """The descriptor of its standard output, for another child to read."""
        return self._stdout.fileno()

    def hand_output_on(self) -> None:
        """Closes our end of its output, once another child has it: when that one ends, so does
        this."""
        self._stdout.close()

    def end_input(self) -> None:
        """Closes standard input, so that it reads its end."""
        if self._stdin is not None:
            self._stdin.close()

    def finish(self) -> int:
        """Ends the input, waits for the exit and returns the status; raises ChildStalled."""
        self.end_input()
        try:
            status = self._process.wait(self._limits.stall_seconds)
        except subprocess.TimeoutExpired as error:
            record(CHILD_FAILURES, 1, self._program, "stalled")
            raise ChildStalled("did not end") from error
        self._drain.join(self._limits.stall_seconds)
        if status:
            record(CHILD_FAILURES, 1, self._program, "limit" if self.out_of_limits else "error")
        return status

    def close(self) -> None:
        """Kills it and what it started, and reaps it; may be called again."""
        if self._process.poll() is None:
            self._kill()
        self._process.wait()
        self._drain.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
