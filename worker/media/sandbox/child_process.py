"""Child processes that parse hostile bytes: limited, watched, and surely gone at the end.

A child gets its input as an open file on standard input and may open nothing else (`fd:` is its
only protocol, and root's children are nobody's). No parent-death signal is needed: a child whose
parent has died writes into a closed pipe, or reads its end, and stops.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from worker.media.sandbox.media_process import ChildLimits, MediaProcess
from worker.media.sandbox.privileges import NOBODY, PROCESSES, runs_as_nobody

_PROGRAMS = ("ffprobe", "ffmpeg")
_BLOCK = 512  # ulimit -f counts in these (POSIX)

# A shell that limits itself and becomes the child: safe beside threads, as preexec_fn is not.
_LIMITED = (
    'ulimit -c 0; ulimit -t $1; ulimit "$6" $2; ulimit -f $3; ulimit -n $4; '
    # the limit on processes has two names; it counts all of a user's, so it is nobody's alone
    '[ $5 = 0 ] || ulimit -u $5 2>/dev/null || ulimit -p $5; shift 6; exec "$@"'
)
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


class Child(MediaProcess):
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
        nobody = not drops and runs_as_nobody(args[0])
        stdin = None if source is None else open(source, "rb")  # noqa: SIM115
        try:
            process = subprocess.Popen(
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
        program = next((one for one in _PROGRAMS if one in args[0]), "python")
        super().__init__(process, limits, program)
        self._pid = process.pid

    def _kill(self) -> None:
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(self._pid, signal.SIGKILL)


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
