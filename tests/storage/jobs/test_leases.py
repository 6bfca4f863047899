"""Who gets a job, and when it is given up."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.storage.factories import Clock, attempt_of, die, new_job
from worker.contract.jobs import JobStatus
from worker.jobs.heartbeat import Heartbeat
from worker.lifecycle.completion import complete_job
from worker.storage import keys
from worker.storage.errors import Fenced
from worker.storage.jobs.leases import Claim, LeaseStore
from worker.storage.queue.fair_queue import LATER
from worker.storage.stores import Stores


def test_the_first_claim_starts_the_job(stores: Stores) -> None:
    job = new_job(stores)
    assert stores.redis.zrank(keys.QUEUED, job.id) == 0
    claim = stores.leases.claim(job.id)
    assert (claim.outcome, attempt_of(claim)) == ("run", 1)
    now = stores.jobs.get(job.id)
    assert (now.status, now.attempt, now.lost) == (JobStatus.RUNNING, 1, 0)
    assert now.startedAt is not None
    assert stores.redis.zrank(keys.QUEUED, job.id) is None


def test_the_start_is_that_of_the_first_attempt(stores: Stores) -> None:
    clock = Clock()
    leases = LeaseStore(stores.redis, 3, 3, clock)
    job = new_job(stores)
    leases.claim(job.id)
    started = stores.jobs.get(job.id).startedAt
    die(stores, job.id)
    clock.now += 100
    leases.claim(job.id)
    assert stores.jobs.get(job.id).startedAt == started == "2027-01-15T08:00:00.000Z"


def test_busy_final_and_gone_give_no_token(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    assert stores.leases.claim(job.id) == Claim("busy")
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    assert stores.leases.claim(job.id) == Claim("final")
    assert stores.jobs.get(job.id).attempt == 1
    stores.jobs.erase(job)
    stores.jobs.ask_cancel(job.id)  # comes late, and leaves a field behind
    assert stores.leases.claim(job.id) == Claim("gone")


def test_of_many_one_gets_the_job(stores: Stores) -> None:
    job = new_job(stores)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(stores.leases.claim, [job.id] * 40))
    assert sorted(claim.outcome for claim in claims) == ["busy"] * 39 + ["run"]


def test_after_so_many_deaths_the_job_is_lost(stores: Stores) -> None:
    leases = LeaseStore(stores.redis, 3, max_lost=3)
    job = new_job(stores)
    outcomes = []
    for _ in range(4):
        outcomes.append(leases.claim(job.id).outcome)
        die(stores, job.id)
    assert outcomes == ["run", "run", "run", "lost"]
    assert stores.jobs.get(job.id).lost == 3


def test_a_release_is_no_death(stores: Stores) -> None:
    leases = LeaseStore(stores.redis, 3, max_lost=1)
    job = new_job(stores)
    for attempt in (1, 2, 3):
        claim = leases.claim(job.id)
        assert (claim.outcome, attempt_of(claim)) == ("run", attempt)
        leases.release(job, claim.token, LATER, None)
    assert stores.jobs.get(job.id).lost == 0


def test_a_heartbeat_extends_the_lease_and_its_time_in_the_list(stores: Stores) -> None:
    clock = Clock()
    leases = LeaseStore(stores.redis, 5, 3, clock)
    job = new_job(stores)
    token = leases.claim(job.id).token
    stores.redis.pexpire(keys.lease(job.id), 100)
    clock.now += 4
    leases.extend(job.id, token)
    assert stores.redis.pttl(keys.lease(job.id)) > 4000
    assert stores.redis.zscore(keys.RUNNING, job.id) == clock.now + 5


def test_silence_is_counted_from_the_last_heartbeat(stores: Stores) -> None:
    leases = LeaseStore(stores.redis, 15)
    job = new_job(stores)
    assert leases.silent_s(job.id) == math.inf
    token = leases.claim(job.id).token
    assert 0 <= leases.silent_s(job.id) < 5
    stores.redis.pexpire(keys.lease(job.id), 8000)
    assert 7 <= leases.silent_s(job.id) < 12
    leases.extend(job.id, token)
    assert 0 <= leases.silent_s(job.id) < 5


def test_a_heartbeat_never_brings_back_a_released_job(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.release(job, token, LATER, None)
    with pytest.raises(Fenced):
        stores.leases.extend(job.id, token)
    assert stores.redis.zscore(keys.RUNNING, job.id) is None


def test_the_heartbeat_beats_and_notices_the_loss(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = LeaseStore(stores.redis, 1.5)
    job = new_job(stores)
    token = leases.claim(job.id).token
    beaten, extend = threading.Event(), leases.extend

    def extended(job_id: str, token: int) -> None:
        extend(job_id, token)
        beaten.set()

    monkeypatch.setattr(leases, "extend", extended)
    stores.redis.persist(keys.lease(job.id))
    with Heartbeat(lambda: leases.extend(job.id, token), leases.ttl_s, job.id) as heartbeat:
        assert beaten.wait(10)
        assert stores.redis.pttl(keys.lease(job.id)) > 0
        assert not heartbeat.lost
        stores.redis.set(keys.lease(job.id), token + 1)
        heartbeat._thread.join(10)
        assert heartbeat.lost
    assert stores.redis.get(keys.lease(job.id)) == b"%d" % (token + 1)


def test_a_heartbeat_that_cannot_reach_redis_counts_itself_lost() -> None:
    def silent() -> None:
        raise ConnectionError("no server")

    with Heartbeat(silent, 0.05, "job_1") as heartbeat:
        assert not heartbeat.lost
        heartbeat._stop.wait(0.15)
        assert heartbeat.lost


def test_an_overdue_job_goes_to_one_caller(stores: Stores) -> None:
    clock = Clock()
    leases = LeaseStore(stores.redis, 3, 3, clock)
    job = new_job(stores)
    leases.claim(job.id)
    assert leases.overdue() == []
    clock.now += 60
    assert leases.overdue() == []  # the list is late, the lease still lives
    die(stores, job.id)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: leases.overdue(), range(16)))
    assert sorted(found) == [[]] * 15 + [[job.id]]
    clock.now += 4
    assert leases.overdue() == [job.id]  # nobody took it: again


def test_callers_with_different_clocks_do_not_share_an_overdue_job(stores: Stores) -> None:
    """Both see the job in the list before either takes it."""
    clock = Clock()
    leases = LeaseStore(stores.redis, 3, 3, clock)
    job = new_job(stores)
    leases.claim(job.id)
    die(stores, job.id)
    later = Clock(clock.now + 60.5)
    slow = LeaseStore(stores.redis, 3, 3, later)
    clock.now += 60

    taken: list[str] = []

    class Stalled:
        """The first look at the lease is where the other caller gets ahead."""

        def __getattr__(self, name: str) -> object:
            return getattr(stores.redis, name)

        def exists(self, *names: str) -> int:
            taken.extend(leases.overdue())
            return int(stores.redis.exists(*names))

    slow._redis = Stalled()
    assert slow.overdue() == []
    assert taken == [job.id]


@pytest.mark.parametrize("erased", [False, True])
def test_a_job_that_is_over_leaves_the_lists(stores: Stores, erased: bool) -> None:
    """Its last worker died right behind the last commit."""
    clock = Clock()
    leases = LeaseStore(stores.redis, 3, 3, clock)
    job = new_job(stores)
    token = leases.claim(job.id).token
    complete_job(stores, stores.jobs.get(job.id), token, JobStatus.SUCCEEDED)
    if erased:
        stores.jobs.erase(job)
    stores.redis.zadd(keys.RUNNING, {job.id: clock.now})
    stores.redis.zadd(keys.QUEUED, {job.id: clock.now})
    clock.now += 60
    assert leases.overdue() == [job.id]
    leases.claim(job.id)
    clock.now += 60
    assert leases.overdue() == []
    assert stores.redis.zrank(keys.QUEUED, job.id) is None


def test_who_is_suspect(stores: Stores) -> None:
    """A job over which a worker died, until it is given up; not one that is running or let go."""
    leases = LeaseStore(stores.redis, 3, max_lost=2)
    job = new_job(stores)
    seen = []
    for _ in range(3):
        seen.append((leases.suspect(job.id), leases.suspect(f"{job.id}+1")))
        leases.claim(job.id)
        assert not leases.suspect(job.id)
        die(stores, job.id)
    assert seen == [(False, False), (True, True), (False, False)]
    other = new_job(stores)
    leases.release(other, leases.claim(other.id).token, LATER, None)
    assert not leases.suspect(other.id) and not leases.suspect("job_none")
