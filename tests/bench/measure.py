"""Costs of processes and of functions, runs in turns, medians and ranges.

Machines are shared and noisy: whatever is compared runs in turns within one run, and CPU-seconds
are trusted before wall time.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class RunFailed(RuntimeError):
    """A measured process ended with an error; the text holds the end of what it said."""


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time (user and system) and of the clock on the wall, and the largest
    resident set in MB of a process and of each of its children, where that was measured."""

    cpu_s: float
    wall_s: float
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of `runs` values."""

    median: float
    low: float
    high: float
    runs: int


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    return Spread(statistics.median(values), min(values), max(values), len(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the least value that `share` (0-1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def process_cost(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Cost:
    """Runs a command to its end; its cost and that of every descendant that was waited for.

    wait4(2) counts a child with the children it reaped itself, so a decoder that the command
    started is in it. Raises RunFailed for an exit status other than 0.
    """
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, **(env or {})},
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            tail = said.read()[-2000:].decode(errors="replace")
            raise RunFailed(f"{command[0]} ended with {child.returncode}:\n{tail}")
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024)


def function_cost(function: Callable[[], object]) -> Cost:
    """The cost of a call within this process, all of its threads counted."""
    began, used = time.monotonic(), time.process_time()
    function()
    return Cost(time.process_time() - used, time.monotonic() - began)


def in_turns(rounds: int, runs: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Each of `runs` once a round, every other round backwards; the results by name."""
    results: dict[str, list[T]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            results[name].append(runs[name]())
    return results
