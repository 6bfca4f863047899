"""Expands batches into jobs, or cancels them; resumable after a crash at any point.

Jobs of a request are made at once, those of a manifest as the tenant's queue has room. Each step is
idempotent: a job's id follows from its position in the batch, and an existing job is left as it is.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Sequence

import msgspec
import structlog

from worker.contract.batches import MAX_LINES, Batch, BatchError, Manifest
from worker.contract.jobs import Job
from worker.lifecycle.completion import cancel_job
from worker.queueing.dispatch import ensure_wakeups
from worker.storage.batches.records import decode_todo
from worker.storage.errors import NotFound
from worker.storage.stores import Stores
from worker.submission.jobs import announce
from worker.submission.manifests import job_of_line, split_lines

log = structlog.get_logger()

STEP = 100
"""Jobs made between two renewals of the batch's lease."""


def recover_batch(stores: Stores, batch_id: str) -> None:
    """Continues a batch that is due: announces its end, expands or cancels it, or does nothing."""
    try:
        batch = stores.batches.get(batch_id)
    except NotFound:
        stores.batches.drop(batch_id)
        return
    if batch.completedAt is not None:
        stores.batches.announce(batch_id)
    elif batch.canceled or not batch.expanded:
        expand_batch(stores, batch_id)


def expand_batch(stores: Stores, batch_id: str) -> None:
    """Makes the jobs of a batch, or cancels them, unless another process holds its lease."""
    name = secrets.token_hex(8)
    if not stores.batches.hold(batch_id, name):
        return
    try:
        batch = stores.batches.get(batch_id)
        if batch.canceled:
            _cancel(stores, batch, name)
        elif not batch.expanded and batch.record.manifest is None:
            _make_all(stores, batch_id, name)
        elif not batch.expanded and batch.record.manifest is not None:
            _read_on(stores, batch, batch.record.manifest, name)
    except NotFound:
        log.info("batch_gone", batch=batch_id)
    finally:
        stores.batches.let_go(batch_id, name)
    ensure_wakeups(stores)


def _make_all(stores: Stores, batch_id: str, name: str) -> None:
    while rows := stores.batches.todo(batch_id, STEP):
        _make(stores, batch_id, [decode_todo(row) for row in rows])
        stores.batches.done(batch_id, rows)
        if not stores.batches.hold(batch_id, name):
            return
    stores.batches.expanded(batch_id)


def _make(stores: Stores, batch_id: str, numbered: Sequence[tuple[int, Job]]) -> None:
    """Stores jobs, counts them in the batch and queues them."""
    limits = stores.settings.limits(numbered[0][1].plan) if numbered else None
    running = limits.runningJobs if limits else None
    new = stores.jobs.create_all([job for _, job in numbered], running)
    stores.batches.add(batch_id, numbered)
    with stores.redis.pipeline(transaction=False) as pipe:
        for job in new:
            announce(stores, pipe, job)
        pipe.execute()


def _read_on(stores: Stores, batch: Batch, manifest: Manifest, name: str) -> None:
    """Makes jobs of a manifest's next lines, as long as the tenant's queue has room."""
    batch_id, number, at = batch.record.id, batch.lines, batch.read
    most = stores.settings.limits(batch.record.plan).queuedJobs
    try:
        blocks = stores.objects.stream(manifest.key, at, manifest.bucket)
        lines = split_lines(blocks if at < manifest.bytes else (), at)
        while (room := _room(stores, batch, most)) > 0:
            taken = list(itertools.islice(lines, min(room, STEP)))
            if not taken or number >= MAX_LINES:
                _end(stores, batch_id, number, at, more=bool(taken))
                return
            made: list[tuple[int, Job]] = []
            wrong: list[BatchError] = []
            for place, line in enumerate(taken[: MAX_LINES - number], number + 1):
                if line.text is not None and not line.text.strip():
                    continue
                result = job_of_line(stores, batch.record, place, line.text)
                if isinstance(result, BatchError):
                    wrong.append(result)
                else:
                    made.append((place, result))
            _make(stores, batch_id, made)
            began, number = number, min(number + len(taken), MAX_LINES)
            at = taken[number - began - 1].end
            stores.batches.note_read(batch_id, began, number, at, wrong)
            ensure_wakeups(stores)
            if not stores.batches.hold(batch_id, name) or stores.batches.get(batch_id).canceled:
                return
    except NotFound:
        gone = BatchError(line=number + 1, code="not_found", detail="The manifest does not exist.")
        stores.batches.note_read(batch_id, number, number + 1, at, [gone])
        stores.batches.expanded(batch_id)


def _end(stores: Stores, batch_id: str, number: int, at: int, *, more: bool) -> None:
    if more:
        text = f"A manifest has {MAX_LINES} lines at most; the rest is not read."
        wrong = BatchError(line=number + 1, code="invalid_parameter", detail=text)
        stores.batches.note_read(batch_id, number, number + 1, at, [wrong])
    stores.batches.expanded(batch_id)


def _room(stores: Stores, batch: Batch, most: int | None) -> int:
    """Returns how many more jobs the tenant may have in the queue; STEP if unlimited."""
    return STEP if most is None else most - stores.fair_queue.length(batch.record.tenant)


def _cancel(stores: Stores, batch: Batch, name: str) -> None:
    """Cancels the unfinished jobs of a batch and makes no more; a running job stops after its
    current frames, and the batch completes as its last job ends."""
    for number, job_id in enumerate(list(stores.batches.unfinished(batch.record.id))):
        if number % STEP == 0 and not stores.batches.hold(batch.record.id, name):
            return
        cancel_job(stores, job_id)
    stores.batches.expanded(batch.record.id)


def batch_of(jobs: Sequence[Job], batch_id: str) -> list[Job]:
    """Returns copies of `jobs` as members of a batch."""
    return [msgspec.structs.replace(job, batchId=batch_id) for job in jobs]
