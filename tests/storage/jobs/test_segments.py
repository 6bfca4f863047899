"""Segments: who has which, and what is left when somebody dies."""

from __future__ import annotations

import time

import pytest

from tests.storage.factories import attempt_of, new_job
from worker.contract.queue_entries import entry_of, job_of_entry
from worker.lifecycle.deletion import erase_job
from worker.storage import keys
from worker.storage.errors import Fenced
from worker.storage.jobs.segments import SegmentClaim, SegmentStore
from worker.storage.queue.fair_queue import LATER
from worker.storage.stores import Stores


@pytest.fixture
def job_id(stores: Stores) -> str:
    """A running job of four segments, the first of which is its lead's."""
    job_id = new_job(stores).id
    stores.leases.claim(job_id)
    stores.segments.open(job_id, 4, 0, 0)
    assert stores.segments.take(job_id, 0) == "lead"
    return job_id


def claimed(parts: SegmentStore, job_id: str) -> SegmentClaim:
    part = parts.claim(job_id)
    assert part is not None
    return part


def impatient(stores: Stores) -> SegmentStore:
    """A store whose claimants are given up after 50 ms."""
    return SegmentStore(stores.redis, 0.05, max_lost=2)


def test_names_in_the_queue() -> None:
    assert job_of_entry(entry_of("job_1", 3)) == "job_1"
    assert job_of_entry("job_1") is None


def test_segments_are_claimed_once_and_in_order(stores: Stores, job_id: str) -> None:
    parts = [claimed(stores.segments, job_id) for _ in range(3)]
    assert [(part.segment, part.more) for part in parts] == [(1, 2), (2, 3), (3, None)]
    assert len({part.token for part in parts}) == 3
    assert stores.segments.claim(job_id) is None
    assert stores.segments.take(job_id, 1) == "held"


def test_what_is_left_is_read_from_any_place(stores: Stores, job_id: str) -> None:
    part = claimed(stores.segments, job_id)
    assert stores.segments.read(job_id, 1, 0) == (stores.segments.read(job_id, 1, 5))
    stores.segments.put(part, "start", b"how")
    for number in range(20):
        stores.segments.put(part, str(number), b"%d" % number, spent_ms=100)
    first = stores.segments.read(job_id, 1, 0)
    assert (first.state, first.claimed, first.start) == ("", True, b"how")
    rest = stores.segments.read(job_id, 1, len(first.chunks))
    assert [*first.chunks, *rest.chunks] == [b"%d" % number for number in range(20)]
    stores.segments.finish(part, "done")
    assert stores.segments.take(job_id, 1) == "done"
    assert stores.jobs.spent_s(job_id) == 2.0
    assert stores.jobs.get(job_id)  # and the record is whole


def test_a_lead_goes_on_where_the_last_one_was(stores: Stores, job_id: str) -> None:
    part = claimed(stores.segments, job_id)
    stores.segments.put(part, "0", b"chunk")
    stores.segments.passed(job_id, 0, 1, 12)
    assert stores.segments.open(job_id, 4, 1, 15) == 12  # three of its chunks are in the log
    stores.segments.passed(job_id, 1, 2, 24)
    assert stores.segments.read(job_id, 1, 0).chunks == []
    assert claimed(stores.segments, job_id).segment == 2
    assert stores.segments.open(job_id, 4, 3, 30) == 30


def test_a_silent_claimant_loses_its_segment(stores: Stores, job_id: str) -> None:
    parts = impatient(stores)
    late = claimed(parts, job_id)
    parts.put(late, "0", b"chunk")
    time.sleep(0.1)
    assert claimed(stores.segments, job_id).segment == 1
    assert stores.segments.read(job_id, 1, 0).chunks == []
    for write in (lambda: parts.put(late, "1", b""), lambda: parts.extend(late)):
        with pytest.raises(Fenced):
            write()


def test_the_lead_takes_what_a_dead_one_had_claimed(stores: Stores, job_id: str) -> None:
    late = claimed(impatient(stores), job_id)
    time.sleep(0.1)
    assert stores.segments.take(job_id, 1) == "lead"
    assert stores.segments.take(job_id, 1) == "lead"
    with pytest.raises(Fenced):
        stores.segments.put(late, "0", b"chunk")
    claim = claimed(stores.segments, job_id)
    assert claim.segment == 2
    assert stores.segments.take(job_id, 2, by_force=True) == "lead"
    with pytest.raises(Fenced):
        stores.segments.finish(claim, "done")


def test_nobody_helps_where_too_many_died_or_failed(stores: Stores, job_id: str) -> None:
    parts = impatient(stores)
    claimed(parts, job_id)
    time.sleep(0.1)
    again = claimed(parts, job_id)
    assert again.segment == 1
    parts.leave(again)  # in good order
    parts.leave(claimed(parts, job_id), failed=True)
    assert parts.claim(job_id) is None
    assert parts.take(job_id, 1) == "lead"


def test_a_job_that_does_not_go_on_takes_nothing(stores: Stores, job_id: str) -> None:
    part = claimed(stores.segments, job_id)
    stores.jobs.ask_cancel(job_id)
    with pytest.raises(Fenced):
        stores.segments.extend(part)
    erase_job(stores, stores.jobs.get(job_id))
    with pytest.raises(Fenced):
        stores.segments.put(part, "0", b"chunk")
    assert stores.segments.claim(job_id) is None
    stores.segments.open(job_id, 4, 0, 0)
    stores.segments.take(job_id, 0)
    stores.segments.shut(job_id)
    assert not stores.redis.exists(*keys.of_job(job_id))


def test_a_turn_that_is_over_is_no_new_attempt(stores: Stores) -> None:
    job = new_job(stores)
    job_id = job.id
    assert attempt_of(stores.leases.claim(job_id)) == 1
    token = stores.leases.claim(job_id).token
    token = int(stores.redis.get(keys.lease(job_id)))
    stores.leases.release(job, token, LATER, None, same_attempt=True)
    again = stores.leases.claim(job_id)
    assert (again.outcome, attempt_of(again)) == ("run", 1)
    stores.leases.release(stores.jobs.get(job_id), again.token, LATER, None)
    assert attempt_of(stores.leases.claim(job_id)) == 2
    with pytest.raises(Fenced):
        stores.leases.release(job, token, LATER, None, same_attempt=True)


def test_whose_turn_it_is(stores: Stores) -> None:
    """A job that ran for a while asks whether it is to go on."""
    long, short, own = new_job(stores), new_job(stores, "umbrella"), new_job(stores)
    stores.fair_queue.push([long], None)
    pulled = stores.fair_queue.pop("pose.cpu")
    assert pulled is not None and pulled[0] == long.id
    assert not stores.fair_queue.should_preempt(long)
    stores.fair_queue.push([own], None)  # later than the long one
    assert not stores.fair_queue.should_preempt(long)
    stores.fair_queue.push([short], 0)  # may not run
    assert not stores.fair_queue.should_preempt(long)
    stores.fair_queue.push([short], None)
    assert stores.fair_queue.should_preempt(long)
    stores.fair_queue.remove("umbrella", short.id)
    urgent = new_job(stores, priority="high")
    stores.fair_queue.push([urgent], None)
    assert stores.fair_queue.should_preempt(long)
