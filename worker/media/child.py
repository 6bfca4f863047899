"""Child processes that parse hostile bytes: limited, watched, and surely gone at the end.

A child gets its input as an open file on standard input and may open nothing else (`fd:` is its
only protocol, and root's children are nobody's). No parent-death signal is needed: a child whose
parent has died writes into a closed pipe, or reads its end, and stops.
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
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from worker.measures import CHILD_FAILURES, note
from worker.media.privileges import NOBODY, PROCESSES, runs_as_nobody

TAIL_BYTES = 8192
"""What is kept of a child's standard error."""

_PIPE_BYTES = 1 << 20
_PROGRAMS = ("ffprobe", "ffmpeg")
_BLOCK = 512  # ulimit -f counts in these (POSIX)

# A shell that limits itself and becomes the child: safe beside threads, as preexec_fn is not.
_LIMITED = (
    'ulimit -c 0; ulimit -t $1; ulimit "$6" $2; ulimit -f $3; ulimit -n $4; '
    # the limit on processes has two names; it counts all of a user's, so it is nobody's alone
    '[ $5 = 0 ] || ulimit -u $5 2>/dev/null || ulimit -p $5; shift 6; exec "$@"'
)


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


_GPU_FILES = 256
_GPU_VARIABLES = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")


def _command(args: Sequence[str], limits: ChildLimits, processes: int) -> list[str]:
    amounts = (
        limits.cpu_seconds,
        limits.memory_bytes // 1024,
        limits.file_bytes // _BLOCK,
        max(limits.open_files, _GPU_FILES) if limits.gpu else limits.open_files,
        processes,
        "-d" if limits.gpu else "-v",
    )
    return ["/bin/sh", "-c", _LIMITED, "sh", *map(str, amounts), *args]


def _environment(limits: ChildLimits) -> dict[str, str]:
    names = ("PATH", *(_GPU_VARIABLES if limits.gpu else ()))
    return {"LC_ALL": "C", "PATH": ""} | {
        name: os.environ[name] for name in names if name in os.environ
    }


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
MARKS = (CORRUPT, PARTIAL, *REFUSED)
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


class Child:
    """One running child; leaving the `with` block kills it if it still runs.

    `source` is the file it reads on standard input, None for a pipe that `write` fills. A child of
    root becomes nobody's; one that `drops` does so itself.
    """

    def __init__(
        self,
        args: Sequence[str],
        *,
        limits: ChildLimits,
        source: Path | None = None,
        pass_fds: Sequence[int] = (),
        drops: bool = False,
    ) -> None:
        self._limits = limits
        self._ends = time.monotonic() + limits.wall_seconds if limits.wall_seconds else math.inf
        nobody = not drops and runs_as_nobody(args[0])
        self._program = next((one for one in _PROGRAMS if one in args[0]), "python")
        self._tail = bytearray()
        self._marks: Counter[bytes] = Counter()
        stdin = None if source is None else open(source, "rb")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                _command(args, limits, PROCESSES if nobody else 0),
                stdin=subprocess.PIPE if stdin is None else stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=pass_fds,
                start_new_session=True,
                env=_environment(limits),
                cwd="/",
                user=NOBODY if nobody else None,
                group=NOBODY if nobody else None,
                extra_groups=[] if nobody else None,
            )
        finally:
            if stdin is not None:
                stdin.close()
        assert self._process.stdout is not None
        self._stdout = self._process.stdout
        self._stdin = self._process.stdin
        _widen(self._stdout)
        _widen(self._stdin)
        if self._stdin is not None:
            os.set_blocking(self._stdin.fileno(), False)
        # The thread must not hold the child: one that is forgotten is to close its pipes and die.
        self._drain = threading.Thread(
            target=_drain, args=(self._process.stderr, self._tail, self._marks), daemon=True
        )
        self._drain.start()

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
            note(CHILD_FAILURES, 1, self._program, "stalled")
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
            note(CHILD_FAILURES, 1, self._program, "stalled")
            raise ChildStalled("did not end") from error
        self._drain.join(self._limits.stall_seconds)
        if status:
            note(CHILD_FAILURES, 1, self._program, "limit" if self.out_of_limits else "error")
        return status

    def close(self) -> None:
        """Kills it and what it started, and reaps it; may be called again."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._process.kill()
        self._process.wait()
        self._drain.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


TOO_MUCH = "too much output"
"""The tail of a run that was cut off."""


def run(
    args: Sequence[str], source: Path, limits: ChildLimits, max_output: int = 8 << 20
) -> tuple[int, bytes, str]:
    """Runs a child to its end: exit status, at most `max_output` bytes of output, error tail.

    Raises ChildStalled.
    """
    with Child(args, limits=limits, source=source) as child:
        output = bytearray(max_output)
        filled = child.read_into(memoryview(output))
        if filled == max_output:
            return 1, b"", TOO_MUCH
        status = child.finish()
        return status, bytes(output[:filled]), child.tail
