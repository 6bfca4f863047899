"""The template of a fork server: a process with all its imports made, which forks once an input.

Its program calls `serve`. It holds no secret (its environment is bare, it opened nothing) and looks
at no input: a fork does, which has limits, no rights and no other descriptors before it begins, and
ends with its input. Only the standard library is needed, and little of it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence

from worker.media.sandbox.privileges import (
    NOBODY,
    PROCESSES,
    drop,
    make_undumpable,
    set_no_new_privs,
)

READY = b"ready"
KILL = b"kill"
MOST_BYTES = 4096
"""Of one request or answer."""

_DESCRIPTORS = 1024  # more than it ever has
_LIMITS = (
    resource.RLIMIT_CPU,
    resource.RLIMIT_AS,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_NOFILE,
)


def serve(work: Callable[[Sequence[str]], None]) -> None:
    """Answers requests on standard input, a socket of packets, until that is closed.

    A request is `{"args", "limits", "threads"}`: limits on processor seconds, bytes of address
    space, bytes of a file and open files; whether it may make threads (else it can make no process
    either, and leaves nobody behind). With it come three descriptors: the standard streams of a
    fork, in which `work(args)` runs.
    Once it has ended the answer is `{"status", "seconds"}`: its wait status, and the processor time
    of all forks and of this process so far. KILL ends the fork if it still runs.
    """
    make_undumpable()
    control = socket.socket(fileno=0)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.freeze()
    control.send(READY)
    while True:
        request, streams, _, _ = socket.recv_fds(control, MOST_BYTES, 3)
        if not request:
            return
        if request == KILL:  # the fork had ended before
            continue
        fork = os.fork()
        if fork == 0:
            _become(work, request, streams)
        for stream in streams:
            os.close(stream)
        status = _ended(fork, control, woken)
        control.send(json.dumps({"status": status, "seconds": _seconds()}).encode())


def _become(work: Callable[[Sequence[str]], None], request: bytes, streams: Sequence[int]) -> None:
    """The fork; it never returns."""
    status = 1
    try:
        os.setpgid(0, 0)
        parent = os.getppid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, _DESCRIPTORS)
        asked = json.loads(request)
        _limit(asked["limits"])
        drop()
        set_no_new_privs(parent)
        _limit_processes(asked["threads"])
        work(asked["args"])
        sys.stdout.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _limit(amounts: Sequence[int]) -> None:
    for kind, amount in zip((resource.RLIMIT_CORE, *_LIMITS), (0, *amounts), strict=True):
        _limit_to(kind, amount)


def _limit_processes(threads: bool) -> None:
    """After its rights are gone, as root's processes are not limited. The limit is one on all of
    the user's, so one above 0 is nobody's alone."""
    if not threads:
        _limit_to(resource.RLIMIT_NPROC, 0)
    elif os.geteuid() == NOBODY:
        _limit_to(resource.RLIMIT_NPROC, PROCESSES)


def _limit_to(kind: int, amount: int) -> None:
    most = resource.getrlimit(kind)[1]
    wanted = amount if most == resource.RLIM_INFINITY else min(amount, most)
    resource.setrlimit(kind, (wanted, wanted))


def _ended(fork: int, control: socket.socket, woken: int) -> int:
    """The wait status of the fork. Where the one who asked is gone this process ends."""
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(control, select.POLLIN)
    while True:
        ended, status = os.waitpid(fork, os.WNOHANG)
        if ended:
            return status
        for ready, _ in poll.poll():
            if ready == woken:
                os.read(woken, MOST_BYTES)
                continue
            asker = control.recv(MOST_BYTES)
            _kill(fork)
            if not asker:
                sys.exit()


def _kill(fork: int) -> None:
    try:
        os.killpg(fork, signal.SIGKILL)
    except ProcessLookupError:  # it has not come to its first line yet
        os.kill(fork, signal.SIGKILL)


def _seconds() -> float:
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
