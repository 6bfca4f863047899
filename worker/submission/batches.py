"""Expands batches into jobs, or cancels them; resumable after a crash at any point.

Jobs of a request are made at once, those of a manifest as the tenant's queue has room. Each step is
idempotent: a job's id follows from its position in the batch, and an existing job is left as it is.
"""

from __future__ import annotations

import itertools
import math
import secrets
import time
from collections.abc import Sequence

import msgspec
import structlog

from worker.contract.batches import MAX_LINES, Batch, BatchError, Manifest
from worker.contract.jobs import Job
from worker.lifecycle.completion import cancel_job
from worker.queueing.dispatch import ensure_wakeups, offer_batch
from worker.storage.batches.records import decode_todo
from worker.storage.errors import NotFound
from worker.storage.stores import Stores
from worker.submission.jobs import keep_upload
from worker.submission.manifests import job_of_line, split_lines

log = structlog.get_logger()

TURN_S = 2.0
"""Seconds for which a worker reads in one manifest before it takes the next tenant's."""
STEP = 100
"""Jobs made between two renewals of the batch's lease."""


def recover_batch(stores: Stores, batch_id: str) -> None:
    """Continues a batch that is due: announces its end, expands or cancels it, or does nothing."""
    try:
        batch = stores.batches.get(batch_id)
    except NotFound:
        stores.batches.open.remove(batch_id)
        return
    if batch.completedAt is not None:
        stores.batches.announce(batch_id)
    elif batch.record.manifest is not None and not (batch.canceled or batch.expanded):
        offer_batch(stores, batch.record)
    elif batch.canceled or not batch.expanded:
        expand_batch(stores, batch_id)


def read_manifest(stores: Stores, batch_id: str) -> None:
    """Reads on in the manifest of a batch for TURN_S, and queues the batch again if more can be
    read, so that tenants take turns."""
    try:
        record = stores.batches.get(batch_id).record
    except NotFound:
        return
    if expand_batch(stores, batch_id, TURN_S):
        offer_batch(stores, record)


def expand_batch(stores: Stores, batch_id: str, turn_s: float = math.inf) -> bool:
    """Makes the jobs of a batch, or cancels them, unless another process holds its lease.

    Returns whether it stopped after `turn_s` seconds, before the end of a manifest.
    """
    name = secrets.token_hex(8)
    if not stores.batches.hold(batch_id, name):
        return False
    more = False
    try:
        batch = stores.batches.get(batch_id)
        if batch.canceled:
            _cancel(stores, batch, name)
        elif not batch.expanded and batch.record.manifest is None:
            _make_all(stores, batch_id, name)
        elif not batch.expanded and batch.record.manifest is not None:
            more = _read_on(stores, batch, batch.record.manifest, name, turn_s)
    except NotFound:
        log.info("batch_gone", batch=batch_id)
    finally:
        stores.batches.let_go(batch_id, name)
    ensure_wakeups(stores)
    return more


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
            keep_upload(stores, pipe, job)
        pipe.execute()


def _read_on(stores: Stores, batch: Batch, manifest: Manifest, name: str, turn_s: float) -> bool:
    """Makes jobs of a manifest's next lines, as long as the tenant's queue has room.

    Returns whether it stopped for the time alone.
    """
    until = time.monotonic() + turn_s
    batch_id, number, at = batch.record.id, batch.lines, batch.read
    most = stores.settings.limits(batch.record.plan).queuedJobs
    try:
        blocks = stores.objects.stream(manifest.key, at, manifest.bucket)
        lines = split_lines(blocks if at < manifest.bytes else (), at)
        while (room := _room(stores, batch, most)) > 0:
            taken = list(itertools.islice(lines, min(room, STEP)))
            if not taken or number >= MAX_LINES:
                _end(stores, batch_id, number, at, more=bool(taken))
                return False
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
                return False
            if time.monotonic() > until:
                return True
    except NotFound:
        gone = BatchError(line=number + 1, code="not_found", detail="The manifest does not exist.")
        stores.batches.note_read(batch_id, number, number + 1, at, [gone])
        stores.batches.expanded(batch_id)
    return False


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
