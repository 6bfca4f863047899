"""What is still there once every job is over: in Redis, in S3, in folders, among processes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from tests.chaos.fleet import TENANT, Fleet
from worker.contract.jobs import Job
from worker.queueing.celery_app import KEY_PREFIX, QUEUES
from worker.storage import keys
from worker.storage.objects.object_keys import job_prefix, key_in_url

_UNACKED = KEY_PREFIX + "unacked"
_SOON_S = 20.0
"""Seconds that a lane is its deliverer's: what is due later waits for an attempt."""
_OF_ONNX = ".ses"
_INDEX = KEY_PREFIX + "unacked_index"


def hurry(fleet: Fleet) -> None:
    """What waits for a time far ahead comes now: archives that failed (2 minutes), and messages
    that a killed worker held (Celery's visibility timeout)."""
    redis, now = fleet.stores.redis, time.time()
    for name in redis.zrange(keys.CLOSED, 0, -1):
        redis.zadd(keys.CLOSED, {name: now}, xx=True)
    for tag, since in redis.zrange(_INDEX, 0, -1, withscores=True):
        if since > 1 and now - since > 10:
            redis.zadd(_INDEX, {tag: 1}, xx=True)
    # after two failed attempts the third of a webhook comes after 5 minutes: two that fell into one
    # fault were all that a quiet end waited for
    for name in redis.scan_iter("pq:hook:*:lanes", count=1000):
        for subject, at in redis.zrange(name, 0, -1, withscores=True):
            if at > now + _SOON_S:
                redis.zadd(name, {subject: now}, xx=True)
                redis.zadd(keys.HOOKS_DUE, {name.decode().split("{")[1].split("}")[0]: now})


def in_redis(fleet: Fleet) -> Iterator[str]:
    """Leases, claims, queues, lanes: all are to be empty."""
    redis = fleet.stores.redis
    lists = [KEY_PREFIX + queue for queue in QUEUES]
    for name in lists:
        if length := redis.llen(name):
            yield f"{length} messages in {name}: {redis.lindex(name, 0)[:200]!r}"
    if count := redis.hlen(_UNACKED):
        yield f"{count} messages unacknowledged"
    for name in (keys.RUNNING, keys.QUEUED, keys.CLOSED, keys.HOOKS_DUE, keys.HOOKS_WATCHED):
        if left := redis.zrange(name, 0, 3):
            yield f"{name} holds {left}"
    for pattern in ("pq:*:lease", "pq:{wait}:*:jobs:*", "pq:{wait}:running:*", "pq:*:lane:*",
                    "pq:hook:*:lanes"):  # fmt: skip
        yield from (f"{name.decode()} is left" for name in redis.scan_iter(pattern, count=1000))
    for name in redis.scan_iter("pq:*:parts", count=1000):
        # a closed job's is a mark that it is closed, for late helpers
        if set(redis.hkeys(name)) - {b"closed"}:
            yield f"{name.decode()} holds {redis.hkeys(name)[:5]}"


def in_s3(fleet: Fleet, jobs: list[Job], webhooks: set[str]) -> Iterator[str]:
    """Below jobs/: exactly the archives, exports and claim checks of these, and the bodies of those
    `webhooks`, by their ids, that were too large to send."""
    stores = fleet.stores
    due: set[str] = set()
    for job in jobs:
        prefix = job_prefix(TENANT, job.id)
        due |= {prefix + "messages.jsonl", prefix + "poses.bin"}
        due |= {export.key for export in job.exports}
        for _, _, data in stores.streams.scan(job.id):
            url = msgspec.json.decode(data).get("url")
            if url and (key := key_in_url(url, prefix)):
                due.add(key)
    found = set(stores.objects.list_keys("jobs/"))
    extra = {key for key in found - due if not _is_body(key, webhooks)}
    yield from (f"the object {key} is nobody's" for key in sorted(extra))
    yield from (f"the object {key} is missing" for key in sorted(due - found))


def _is_body(key: str, webhooks: set[str]) -> bool:
    _, _, name = key.rpartition("/webhooks/")
    return name.removesuffix(".json") in webhooks


def of_erased(fleet: Fleet) -> Iterator[str]:
    """After every job was erased: no key of Redis bears a job's name, and S3 holds nothing."""
    for name in fleet.stores.redis.scan_iter("*{job_*", count=1000):
        yield f"{name.decode()} outlives its job"
    yield from (f"{key} outlives its job" for key in fleet.stores.objects.list_keys("jobs/"))


def in_folders(fleet: Fleet) -> Iterator[str]:
    """Scratch and temporary files; one that ONNX Runtime makes once and for all apart."""
    for folder in (fleet.scratch, fleet.temporary):
        found = (path for path in sorted(folder.glob("*")) if path.name != _OF_ONNX)
        yield from (f"{path} is left" for path in found)


def among_processes(fleet: Fleet) -> Iterator[str]:
    """Nobody lives on."""
    yield from (f"the process {words} is left" for words in fleet.orphans())
