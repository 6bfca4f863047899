"""That a worker which wakes up late writes nothing: jobs that are over stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.chaos.fleet import TENANT, Fleet
from worker.storage import keys
from worker.storage.objects.object_keys import job_prefix

View = dict[str, tuple[Any, ...]]
"""Of each job that is over and archived: record, messages, objects with their times."""


def settled(fleet: Fleet) -> View:
    """Everything that only a worker of a job may write, of jobs that no worker has to touch."""
    stores = fleet.stores
    unarchived = set(stores.redis.zrange(keys.CLOSED, 0, -1))
    rows = stores.jobs.page(TENANT, limit=10_000)
    return {
        job.id: (
            stores.redis.hgetall(keys.job(job.id)),
            list(stores.streams.scan(job.id)),
            list(_objects(fleet, job_prefix(TENANT, job.id))),
        )
        for _, _, job in rows
        if job is not None and job.status.final and job.id.encode() not in unarchived
    }


def _objects(fleet: Fleet, prefix: str) -> Iterator[tuple[str, ...]]:
    page = fleet.stores.objects._call("list_objects_v2", Prefix=prefix)
    for item in page.get("Contents", ()):
        if "/webhooks/" not in item["Key"]:  # bodies that webhook workers store
            yield item["Key"], item["ETag"], str(item["LastModified"])


def changed(before: View, after: View) -> Iterator[str]:
    """Which jobs are not as they were."""
    for job, was in before.items():
        for what, old, new in zip(("record", "stream", "objects"), was, after[job], strict=True):
            if old != new:
                yield f"the {what} of {job} changed after its end: {old} became {new}"
