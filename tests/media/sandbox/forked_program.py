"""What `test_fork_server.py` has forked: a program whose forks tell of themselves, or misbehave."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker.media.sandbox.fork_server import serve

seen: list[str] = []


def about() -> dict[str, Any]:
    """All that it can find out."""
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    names = ["CORE", "CPU", "AS", "FSIZE", "NOFILE", "NPROC"]
    return {
        "pid": os.getpid(),
        "group": os.getpgrp(),
        "uid": os.geteuid(),
        "groups": os.getgroups(),
        "descriptors": sorted(int(name) for name in os.listdir("/dev/fd") if int(name) < 64),
        "given": sys.stdin.read(),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "limits": {n: resource.getrlimit(getattr(resource, "RLIMIT_" + n)) for n in names},
        "no_new_rights": int(status["NoNewPrivs"]),
        "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
        "seen": seen,
    }


def work(args: Sequence[str]) -> None:
    """Does as it is told."""
    what = args[0]
    if what == "about":
        print(json.dumps(about()))
    elif what == "spin":
        while True:
            pass
    elif what == "busy":
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
    elif what == "hang":
        print(os.getpid(), flush=True)
        time.sleep(600)
    elif what == "eat":
        bytearray(1 << 30)
    elif what == "crash":
        os.abort()
    elif what == "remember":
        seen.append("another's")
    elif what == "fork":
        os.fork()
    elif what == "thread":
        threading.Thread(target=print, args=("a thread",)).start()


if __name__ == "__main__":
    serve(work)
