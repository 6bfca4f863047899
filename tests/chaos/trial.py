"""One seed: a fresh system, a stream of jobs, faults one after the other, and what then must hold.

Each fault is recovered from when the next job ends after it was lifted; then comes the next one, at
a random moment. A job that was lost twice is let finish first: at the third time it would fail as
`worker_lost`, as it should.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import redis

from tests.chaos import invariants, leftovers
from tests.chaos.faults import Fault
from tests.chaos.fleet import TENANT, Fleet, until
from tests.chaos.load import KINDS, MOST_UNDER_WAY, Kind, Load, Rows
from tests.integration.receivers import Receiver, good
from worker.contract.jobs import Job
from worker.storage import keys

SETTLE_TIMEOUT_S = 300.0
"""Seconds after which what does not come is a violation; it is not what is measured."""
_LOST_TWICE = 2


@dataclass(frozen=True)
class Injected:
    """A fault that was injected: jobs under way then, seconds until the next job ended, and until
    the last of those under way had."""

    name: str
    jobs: int
    recovery_s: float
    all_s: float


@dataclass
class Undisturbed:
    """What each kind of job gives where nothing befalls it; found out once, by the first seed."""

    streams: dict[str, Rows] = field(default_factory=dict)
    exports: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of a seed."""

    seed: int
    faults: list[Injected] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    jobs: int = 0
    ended: list[str] = field(default_factory=list)
    """Processes that ended by themselves and were started again."""


class Trial:
    """Runs one seed in `folder`; `say` gets a line for each step."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        undisturbed: Undisturbed,
        say: Callable[[str], None],
        kinds: Sequence[Kind] = KINDS,
        most: int = MOST_UNDER_WAY,
    ) -> None:
        self._most = most
        self._kinds = kinds
        self._random = Random(f"trial {seed}")
        self._folder = folder
        self._undisturbed = undisturbed
        self._say = say
        self.outcome = Outcome(seed)

    def run(self, fleet: Fleet, faults: Iterable[Fault], seconds: float, least: int = 0) -> Outcome:
        """Injects faults in turn until `seconds` are over, `least` at least, then counts. Starts
        and ends `fleet`."""
        receiver = Receiver(good)
        try:
            with fleet:
                load = Load(fleet, self._folder, self.outcome.seed, self._kinds, self._most)
                try:
                    hook = load.queue.create_webhook(receiver.url, list(invariants.EVENTS))
                    self._learn(fleet, load)
                    load.start()
                    self._break(fleet, load, faults, seconds, least)
                    load.stop()
                    self._settle(fleet, load, receiver)
                    self._count(fleet, load, receiver, str(hook["secret"]))
                finally:
                    load.close()
                late = fleet.stop()
                self._note(f"{name} did not end when told to" for name in late)
                until(lambda: not fleet.orphans(), 30)
                self._note(leftovers.among_processes(fleet))
                self._note(leftovers.in_folders(fleet))
                self.outcome.ended = fleet.ended
        finally:
            receiver.stop()
        return self.outcome

    def _note(self, violations: Iterable[str]) -> None:
        for text in violations:
            self.outcome.violations.append(text)
            self._say(f"VIOLATION  {text}")

    def _check(self, check: Callable[..., Iterable[str]], *given: object) -> None:
        """Notes what a check finds; one that cannot run to its end is a violation, and holds up no
        other."""
        try:
            self._note(check(*given))
        except Exception as error:
            self._note([f"the check {check.__name__} broke: {error!r}"])

    def _learn(self, fleet: Fleet, load: Load) -> None:
        """The first seed's undisturbed jobs are what every seed's must equal."""
        streams = load.undisturbed()
        if not self._undisturbed.streams:
            self._undisturbed.streams = streams
            self._undisturbed.exports = {
                job.kind: invariants.digests(fleet, job.id) for job in load.jobs.values()
            }

    def _break(
        self, fleet: Fleet, load: Load, faults: Iterable[Fault], seconds: float, least: int
    ) -> None:
        end = time.monotonic() + seconds
        for fault in faults:
            fleet.hold(self._random.uniform(0.5, 3))
            until(lambda: not self._lost_twice(fleet, load), SETTLE_TIMEOUT_S)
            if time.monotonic() > end and len(self.outcome.faults) >= least:
                return
            self._inject(fleet, load, fault)

    def _inject(self, fleet: Fleet, load: Load, fault: Fault) -> None:
        known = load.under_way()
        fault.act(fleet, self._random)
        lifted = time.monotonic()
        # those that came meanwhile were hit as well
        hit = known + [job for job in load.under_way() if job not in known]
        recovered = self._supervised(fleet, lambda: load.ended_since(lifted))
        recovery_s = time.monotonic() - lifted
        if not recovered:
            self._note([f"no job ended within {SETTLE_TIMEOUT_S:g} s after {fault.name}"])
        self._supervised(fleet, lambda: all(job.ended_at is not None for job in hit))
        last = max((job.ended_at or time.monotonic() for job in hit), default=lifted)
        injected = Injected(fault.name, len(hit), recovery_s, max(0.0, last - lifted))
        self.outcome.faults.append(injected)
        times = f"next one after {recovery_s:.1f} s, all of them after {injected.all_s:.1f} s"
        self._say(f"{fault.name}: {injected.jobs} jobs under way, {times}")

    @staticmethod
    def _supervised(fleet: Fleet, condition: Callable[[], bool], pause_s: float = 0.05) -> bool:
        def looked() -> bool:
            fleet.supervise()
            return condition()

        return until(looked, SETTLE_TIMEOUT_S, pause_s)

    @staticmethod
    def _lost_twice(fleet: Fleet, load: Load) -> bool:
        try:
            return any(
                int(fleet.stores.redis.hget(keys.job(job.id), "lost") or 0) >= _LOST_TWICE
                for job in load.under_way()
            )
        except redis.RedisError:
            return True

    def _settle(self, fleet: Fleet, load: Load, receiver: Receiver) -> None:
        """Until every job is over, archived and told of; what does not come is counted after."""
        self._say(f"{len(load.jobs)} jobs accepted, {len(load.under_way())} under way")
        began = time.monotonic()
        if not self._supervised(fleet, lambda: not load.under_way()):
            self._note(f"{job.kind} {job.id} did not end" for job in load.under_way())
        self._supervised(fleet, lambda: _nothing_left(fleet), 0.5)
        self._say(f"settled {time.monotonic() - began:.0f} s after the last fault")

    def _count(self, fleet: Fleet, load: Load, receiver: Receiver, secret: str) -> None:
        self.outcome.jobs = len(load.jobs)
        self._note(load.wrong)
        self._note(fleet.wrong)
        listed = _listed(fleet)
        self._check(invariants.of_states, fleet, load, listed)
        listed = [job for job in listed if job.status.value == "succeeded"]
        self._check(invariants.of_streams, fleet, load, self._undisturbed.streams)
        self._check(invariants.of_exports, fleet, load, self._undisturbed.exports)
        self._check(invariants.of_firehose, fleet, listed)
        self._check(invariants.of_webhooks, fleet, list(receiver.heard), secret, listed)
        self._check(leftovers.in_redis, fleet)
        names = {one.headers["webhook-id"] for one in list(receiver.heard)}
        self._check(leftovers.in_s3, fleet, listed, names)
        for job in listed:
            load.queue.erase(job.id)
        until(lambda: not list(leftovers.of_erased(fleet)), 60)
        self._check(leftovers.of_erased, fleet)


def _nothing_left(fleet: Fleet) -> bool:
    leftovers.hurry(fleet)
    return not list(leftovers.in_redis(fleet))


def _listed(fleet: Fleet) -> list[Job]:
    """Every job of the tenant, whoever knows of it."""
    rows = fleet.stores.jobs.page(TENANT, limit=100_000)
    return [job for _, _, job in rows if job is not None]
