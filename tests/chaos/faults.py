"""Faults of our own processes: each acts, lasts, and is lifted when its function returns.

Faults of the servers are in `server_faults.py`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.bench.processes import cpu_s
from tests.chaos.fencing import changed, settled
from tests.chaos.fleet import Fleet, until

WORKERS = ("pose-1", "pose-2")
CLOCK_S = 90.0
_CLOCK = Path(__file__).parent / "clock"
_LOOK_S = 0.3
AWAKE_S = 2.0
"""Seconds that a worker which was woken up has to do harm."""


@dataclass(frozen=True)
class Fault:
    """`act` injects and lifts; `impossible` says why it cannot be had here, if so."""

    name: str
    act: Callable[[Fleet, Random], None]
    impossible: Callable[[Fleet], str] = lambda _: ""


def kill_child(fleet: Fleet, random: Random) -> None:
    """The process that runs a job, as the kernel does for its memory."""
    children = fleet.children(random.choice((*WORKERS, "export")))
    if children:
        with suppress(ProcessLookupError):
            os.kill(random.choice(children), signal.SIGKILL)


def kill_worker(fleet: Fleet, random: Random) -> None:
    """A pose worker with all its processes."""
    _killed_and_replaced(fleet, random.choice(WORKERS))


def kill_main(fleet: Fleet, random: Random) -> None:
    """A worker's main process alone: its children notice by themselves."""
    name = random.choice((*WORKERS, "export"))
    process = fleet.processes[name]
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not process.running, 10)
    fleet.launch(name)


def kill_export(fleet: Fleet, random: Random) -> None:
    """The export worker."""
    _killed_and_replaced(fleet, "export")


def kill_webhooks(fleet: Fleet, random: Random) -> None:
    """The webhook worker."""
    _killed_and_replaced(fleet, "webhooks")


def kill_api(fleet: Fleet, random: Random) -> None:
    """The API."""
    _killed_and_replaced(fleet, "api")


def _busy(fleet: Fleet, *names: str) -> list[str]:
    """Those of the workers there are that compute something just now, if any does."""
    there = [name for name in names if name in fleet.processes]
    before = {name: _computed_s(fleet, name) for name in there}
    time.sleep(_LOOK_S)
    return [name for name in there if _computed_s(fleet, name) > before[name]] or there


def _computed_s(fleet: Fleet, name: str) -> float:
    with suppress(OSError):
        return sum(cpu_s(child) for child in fleet.children(name))
    return 0.0


def _killed_and_replaced(fleet: Fleet, name: str) -> None:
    fleet.kill(name)
    fleet.launch(name)


def roll(fleet: Fleet, random: Random) -> None:
    """SIGTERM, with a new worker beside the old one: a rolling restart."""
    name = random.choice((*WORKERS, "export", "webhooks"))
    old = fleet.processes.pop(name)
    fleet.launch(name)
    until(lambda: fleet.is_ready(name), 120)
    fleet.processes["old"] = old
    if not fleet.retire("old"):
        fleet.wrong.append(f"{name} did not go within its grace: {old.tail(600)}")


def freeze(fleet: Fleet, random: Random) -> None:
    """A worker stands still for two leases while others take its jobs over, and then wakes up."""
    group = fleet.processes[random.choice(_busy(fleet, *WORKERS, "export"))].pid
    os.killpg(group, signal.SIGSTOP)
    try:
        fleet.hold(2 * fleet.lease_ttl_s)
        before = settled(fleet)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)
    fleet.hold(AWAKE_S)
    fleet.wrong += changed(before, settled(fleet))


def misdate(fleet: Fleet, random: Random) -> None:
    """A worker beside the others whose clock is wrong by more than every lease and patience; it is
    killed in the end, over its job if it has one."""
    ahead_s = random.choice((-CLOCK_S, CLOCK_S))
    name = random.choice(("pose-1+clock", "export+clock", "webhooks+clock"))
    fleet.launch(name, PYTHONPATH=str(_CLOCK), CHAOS_CLOCK_S=str(ahead_s))
    until(lambda: fleet.has_beaten(name), 120)
    fleet.hold(random.uniform(6, 10))
    fleet.processes.pop(name).kill()


def jump_clock(fleet: Fleet, random: Random) -> None:
    """The clock of a worker beside the others jumps while it works."""
    ahead_s = random.choice((-CLOCK_S, CLOCK_S))
    name = random.choice(("pose-1+jump", "export+jump", "webhooks+jump"))
    jumped = fleet.temporary / "jumped"
    clock = {"CHAOS_CLOCK_S": str(ahead_s), "CHAOS_CLOCK_FILE": str(jumped)}
    fleet.launch(name, PYTHONPATH=str(_CLOCK), **clock)
    until(lambda: fleet.has_beaten(name), 120)
    fleet.hold(random.uniform(2, 4))
    jumped.touch()
    fleet.hold(random.uniform(4, 8))
    fleet.processes.pop(name).kill()
    jumped.unlink()


def kill_all(fleet: Fleet, random: Random) -> None:
    """Every process of ours dies at once, as where the machine loses power."""
    names = list(fleet.processes)
    for name in names:
        fleet.kill(name)
    for name in names:
        fleet.launch(name)


def freeze_api(fleet: Fleet, random: Random) -> None:
    """The API stands still, with its connections open."""
    _frozen(fleet, "api", random.uniform(6, 10))


def freeze_webhooks(fleet: Fleet, random: Random) -> None:
    """The webhook worker stands still for longer than a delivery may take."""
    _frozen(fleet, "webhooks", random.uniform(15, 20))


def _frozen(fleet: Fleet, name: str, seconds: float) -> None:
    group = fleet.processes[name].pid
    os.killpg(group, signal.SIGSTOP)
    try:
        fleet.hold(seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)


PROCESS_FAULTS = (
    Fault("kill -9 of a worker's child", kill_child),
    Fault("kill -9 of a pose worker", kill_worker),
    Fault("kill -9 of a worker's main process alone", kill_main),
    Fault("kill -9 of the export worker", kill_export),
    Fault("kill -9 of the webhook worker", kill_webhooks),
    Fault("kill -9 of the API", kill_api),
    Fault("rolling restart (SIGTERM, new one beside)", roll),
    Fault("SIGSTOP of a worker for 2 leases", freeze),
    Fault("a worker's clock wrong by 90 s, and kill -9 of it", misdate),
    Fault("a worker's clock jumps by 90 s, and kill -9 of it", jump_clock),
    Fault("kill -9 of all our processes at once", kill_all),
    Fault("SIGSTOP of the API", freeze_api),
    Fault("SIGSTOP of the webhook worker", freeze_webhooks),
)
