"""Batches in the hands of workers: lines, the sweep, the one closing event."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from tests.storage.factories import Clock, new_job
from worker.contract.batches import MAX_LINE_BYTES, BatchRecord
from worker.contract.jobs import Job, JobStatus
from worker.contract.plans import Plan
from worker.lifecycle.completion import cancel_job, complete_job
from worker.lifecycle.deletion import erase_job
from worker.queueing.index_rebuild import rebuild
from worker.storage import keys
from worker.storage.batches.records import LOOK_S, BatchStore
from worker.storage.stores import Stores
from worker.submission.batches import recover_batch
from worker.submission.manifests import Line, split_lines

RECORD = BatchRecord(
    id="bat_1", tenant="acme", plan=Plan.DEVELOPER, createdAt="2026-01-01T00:00:00.000Z"
)


@hypothesis.given(
    text=st.binary(max_size=60).map(lambda data: data.replace(b"\x00", b"\n")),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
def test_lines_do_not_depend_on_blocks(text: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    blocks = [text[a:b] for a, b in itertools.pairwise(places)]
    lines = list(split_lines(blocks))
    assert lines == list(split_lines([text]))
    whole = text.split(b"\n")
    assert [line.text for line in lines] == (whole if whole[-1] else whole[:-1])
    for line in lines:  # whoever goes on from an end reads the rest
        rest = list(split_lines([text[line.end :]], line.end))
        assert rest == lines[lines.index(line) + 1 :]


def test_a_long_line_is_skipped_and_never_buffered(tmp_path: object) -> None:
    long = b"x" * (3 * MAX_LINE_BYTES)
    text = b"a\n" + long + b"\nb\n" + long
    blocks = [text[at : at + 1000] for at in range(0, len(text), 1000)]
    lines = list(split_lines(blocks))
    assert [line.text for line in lines] == [b"a", None, b"b", None]
    assert lines == list(split_lines([text]))
    assert lines[1] == Line(None, 2 + len(long) + 1) and lines[-1].end == len(text)


def completed(stores: Stores) -> int:
    name = keys.firehose("bat_1", stores.settings.firehose_partitions)
    rows = [fields[b"type"] for _, fields in stores.redis.xrange(name)]
    return rows.count(b"batch.completed")


def test_of_many_last_ends_one_closes(stores: Stores) -> None:
    stores.batches.create(RECORD)
    jobs = [new_job(stores, batchId="bat_1") for _ in range(40)]
    stores.batches.add("bat_1", list(enumerate(jobs)))
    stores.batches.expanded("bat_1")

    def run(job: Job) -> None:
        claim = stores.leases.claim(job.id)
        if claim.job is not None:
            complete_job(stores, claim.job, claim.token, JobStatus.SUCCEEDED)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, jobs * 2))
    batch = stores.batches.get("bat_1")
    assert completed(stores) == 1
    assert batch.counts["succeeded"] == 40 and batch.counts.get("failed", 0) == 0
    assert batch.counts["queued"] == batch.counts["running"] == 0 and batch.progress == 1.0


def test_jobs_that_end_before_all_are_made_close_nothing(stores: Stores) -> None:
    stores.batches.create(RECORD)
    jobs = [new_job(stores, batchId="bat_1") for _ in range(2)]
    stores.batches.add("bat_1", [(0, jobs[0])])
    cancel_job(stores, jobs[0].id)
    assert completed(stores) == 0
    cancel_job(stores, jobs[1].id)  # ends before it is counted as made
    stores.batches.add("bat_1", [(1, jobs[1])])
    assert completed(stores) == 0
    stores.batches.expanded("bat_1")
    assert completed(stores) == 1 and stores.batches.get("bat_1").accepted == 2


def test_who_dies_before_the_event_leaves_it_to_the_sweep(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.batches.create(RECORD)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(BatchStore, "announce", die)
        with pytest.raises(KeyboardInterrupt):
            stores.batches.expanded("bat_1")
    recover_batch(stores, "bat_1")
    assert completed(stores) == 1
    assert stores.batches.get("bat_1").announced
    assert stores.redis.zscore(keys.BATCHES, "bat_1") is None
    assert stores.redis.ttl(keys.batch("bat_1")) == stores.settings.record_s(Plan.DEVELOPER)


def test_a_batch_is_due_until_it_is_complete(stores: Stores) -> None:
    clock = Clock()
    batches = BatchStore(stores.redis, 8, stores.settings.record_s, clock)
    job = msgspec.structs.replace(new_job(stores), id="job_of_bat_1", batchId="bat_1")
    batches.create(RECORD, [job])
    assert batches.open.take_all(LOOK_S) == [] and batches.open.count() == 0
    clock.now += LOOK_S
    assert batches.open.count() == 1
    assert batches.open.take_all(LOOK_S) == ["bat_1"] and batches.open.take_all(LOOK_S) == []
    recover_batch(stores, "bat_1")
    assert batches.get("bat_1").accepted == 1
    recover_batch(stores, "bat_1")  # its job waits: nothing to do
    batches.ask_cancel("bat_1")
    assert batches.open.take_all(LOOK_S) == ["bat_1"]
    recover_batch(stores, "bat_1")
    assert stores.jobs.get(job.id).status is JobStatus.CANCELED and completed(stores) == 1
    stores.redis.delete(keys.batch("bat_1"))
    stores.redis.zadd(keys.BATCHES, {"bat_1": clock.now})
    recover_batch(stores, "bat_1")
    assert not stores.redis.exists(keys.BATCHES)


def test_a_job_erased_before_its_batch_counts_it_does_not_keep_the_batch_open(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = msgspec.structs.replace(new_job(stores), id="job_of_bat_1", batchId="bat_1")
    stores.batches.create(RECORD, [job])
    add = BatchStore.add

    def late(self: BatchStore, batch_id: str, numbered: Sequence[tuple[int, Job]]) -> None:
        erase_job(stores, stores.jobs.get(job.id))
        add(self, batch_id, numbered)

    monkeypatch.setattr(BatchStore, "add", late)
    recover_batch(stores, "bat_1")
    batch = stores.batches.get("bat_1")
    assert (batch.accepted, batch.counts["canceled"], batch.progress) == (1, 1, 1.0)
    assert completed(stores) == 1


def test_an_erased_job_is_not_made_again_where_its_batch_is_read_twice(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = msgspec.structs.replace(new_job(stores), id="job_of_bat_1", batchId="bat_1")
    stores.batches.create(RECORD, [job])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(BatchStore, "done", die)
        with pytest.raises(KeyboardInterrupt):
            recover_batch(stores, "bat_1")
    erase_job(stores, stores.jobs.get(job.id))
    recover_batch(stores, "bat_1")
    assert not stores.jobs.exists(job.id)
    batch = stores.batches.get("bat_1")
    assert (batch.accepted, batch.counts["canceled"]) == (1, 1) and completed(stores) == 1


def test_one_at_a_time_expands_a_batch(stores: Stores) -> None:
    assert stores.batches.hold("bat_1", "a") and stores.batches.hold("bat_1", "a")
    assert not stores.batches.hold("bat_1", "b")
    stores.batches.let_go("bat_1", "b")
    assert not stores.batches.hold("bat_1", "b")
    stores.batches.let_go("bat_1", "a")
    assert stores.batches.hold("bat_1", "b")


def test_batches_are_listed_again_where_the_list_was_lost(stores: Stores) -> None:
    for name in ("bat_open", "bat_over"):
        stores.batches.create(msgspec.structs.replace(RECORD, id=name))
    stores.batches.expanded("bat_over")
    stores.redis.delete(keys.BATCHES)
    rebuild(stores)
    assert stores.redis.zrange(keys.BATCHES, 0, -1) == [b"bat_open"]
