"""A worker that lost its job writes nothing any more, and a commit is whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.storage.factories import contents, counters, die, ids, new_job
from worker.contract.jobs import JobStatus
from worker.contract.messages import Counter, Entry
from worker.lifecycle.completion import complete_job
from worker.storage import keys
from worker.storage.errors import Fenced
from worker.storage.queue.fair_queue import LATER
from worker.storage.stores import Stores

STALE_WRITES: dict[str, dict[str, Any]] = {
    "message": {"entries": counters(1, 2)},
    "log": {"place": 0, "log": b"head"},
    "field": {"fields": {"progress": 0.7}},
    "all": {"entries": counters(1, 1), "place": 0, "log": b"head", "fields": {"progress": 0.1}},
    "nothing": {},
}


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES)
def test_a_stale_token_writes_nothing(stores: Stores, write: dict[str, Any]) -> None:
    job = new_job(stores)
    stale = stores.leases.claim(job.id).token
    die(stores, job.id)
    fresh = stores.leases.claim(job.id).token
    assert fresh > stale
    before = contents(stores, job.id)
    with pytest.raises(Fenced):
        stores.leases.commit(job.id, stale, **write)
    assert contents(stores, job.id) == before
    stores.leases.commit(job.id, fresh, **write)


def test_a_lease_that_ran_out_is_fenced_before_anybody_else_came(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    die(stores, job.id)
    with pytest.raises(Fenced):
        stores.leases.commit(job.id, token, counters(1, 1))
    with pytest.raises(Fenced):
        stores.leases.extend(job.id, token)
    assert ids(stores, job.id) == []


def test_a_stale_worker_cannot_end_the_job(stores: Stores) -> None:
    job = new_job(stores)
    stale = stores.leases.claim(job.id).token
    die(stores, job.id)
    stores.leases.claim(job.id)
    with pytest.raises(Fenced):
        complete_job(stores, stores.jobs.get(job.id), stale, JobStatus.FAILED)
    assert stores.jobs.get(job.id).status is JobStatus.RUNNING
    assert ids(stores, job.id) == []


def test_a_commit_writes_everything(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    added = stores.leases.commit(
        job.id, token, counters(1, 3), place=0, log=[b"head"], fields={"progress": 0.25}
    )
    assert added == 3
    assert ids(stores, job.id) == ["1-1", "2-1", "3-1"]
    assert list(stores.poses.read(job.id)) == [b"head"]
    assert stores.jobs.get(job.id).progress == 0.25


def test_a_replay_adds_what_is_missing_and_keeps_the_rest(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, counters(1, 3), place=0, log=[b"head"])
    before = list(stores.streams.scan(job.id))
    other = [Entry(entry.id, Counter(current_count=99)) for entry in counters(1, 3)]
    added = stores.leases.commit(job.id, token, [*other, *counters(4, 5)], place=0, log=[b"other"])
    assert added == 2
    rows = list(stores.streams.scan(job.id))
    assert rows[:3] == before
    assert [row[0] for row in rows] == ["1-1", "2-1", "3-1", "4-1", "5-1"]
    assert list(stores.poses.read(job.id)) == [b"head"]


def test_a_gap_in_the_log_refuses_the_whole_commit(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.leases.commit(job.id, token, counters(1, 1), place=0, log=[b"head"])
    before = contents(stores, job.id)
    with pytest.raises(redis.ResponseError, match="gap"):
        stores.leases.commit(
            job.id, token, counters(2, 3), place=2, log=[b"chunk"], fields={"progress": 0.9}
        )
    assert contents(stores, job.id) == before


def test_a_commit_is_a_sign_of_life_and_a_release_ends_the_lease(stores: Stores) -> None:
    job = new_job(stores)
    token = stores.leases.claim(job.id).token
    stores.redis.pexpire(keys.lease(job.id), 500)
    stores.leases.commit(job.id, token)
    assert stores.redis.pttl(keys.lease(job.id)) > 1000 * stores.leases.ttl_s - 500
    stores.leases.release(job, token, LATER, None)
    assert not stores.redis.exists(keys.lease(job.id))
    assert stores.redis.zscore(keys.RUNNING, job.id) is None


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=12))
def test_whatever_dies_and_replays_the_run_is_said_once(
    stores: Stores, attempts: list[tuple[int, bool]]
) -> None:
    """Attempts that each get some chunks far and die; each replays the log from the start."""
    job = new_job(stores)
    said = [counters(3 * n + 1, 3 * n + 3) for n in range(8)]
    for reach, released in [*attempts, (8, True)]:
        token = stores.leases.claim(job.id).token
        known = list(stores.poses.read(job.id))
        for place in range(max(reach, 0)):
            log = b"chunk %d" % place
            assert place >= len(known) or known[place] == log
            stores.leases.commit(job.id, token, said[place], place=place, log=[log])
        if released:
            stores.leases.release(job, token, LATER, None)
        else:
            die(stores, job.id)
    assert ids(stores, job.id) == [f"{n}-1" for n in range(1, 25)]
    assert list(stores.poses.read(job.id)) == [b"chunk %d" % n for n in range(8)]
