"""Things go on their day, and not before."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.storage.factories import Clock, changed, new_job
from worker.contract.jobs import Export, Job, JobInput, JobStatus
from worker.contract.plans import PlanLimits
from worker.lifecycle.completion import archive_job, complete_job
from worker.lifecycle.deletion import erase_job
from worker.lifecycle.expiry import sweep_retention
from worker.settings import Settings
from worker.storage import keys
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.objects.object_keys import job_prefix
from worker.storage.objects.retention import AGAIN_S, DAY_S, RetentionStore
from worker.storage.stores import Stores

LIMITS = PlanLimits(uploadDays=1, exportDays=2, recordDays=3)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(stores: Stores, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Stores:
    """The stores with a clock that is moved by hand, and with LIMITS for every plan."""
    monkeypatch.setattr(Settings, "limits", lambda *_: LIMITS)
    timed = changed(stores, retention=RetentionStore(stores.redis, clock))
    monkeypatch.setattr(timed.jobs, "_clock", clock)
    return timed


def put(stores: Stores, upload: str = "a.mp4") -> Any:
    made = stores.uploads.create("acme", upload, "video/mp4", 4)
    stores.objects.put(made.key, b"clip", "video/mp4")
    stores.retention.keep_upload("acme", made.id, LIMITS)
    return made


def finished(stores: Stores, **fields: Any) -> Job:
    """A job that ended just now, archived, with an export."""
    job = new_job(stores, **fields)
    key = job_prefix("acme", job.id) + "exports/video.mp4"
    stores.objects.put(key, b"mp4", "video/mp4")
    export = Export(kind="video", key=key, mimeType="video/mp4", bytes=3)
    token = stores.leases.claim(job.id).token
    complete_job(stores, job, token, JobStatus.SUCCEEDED, fields={"exports": [export]})
    archive_job(stores, job.id)
    return job


def objects(stores: Stores, job: Job) -> list[str]:
    prefix = job_prefix("acme", job.id)
    return sorted(key.removeprefix(prefix) for key in stores.objects.list_keys(prefix))


def test_day_by_day(timed: Stores, clock: Clock) -> None:
    upload = put(timed)
    job = finished(timed, input=JobInput(url="http://media.example/a.mp4"))
    assert sweep_retention(timed) == 0
    clock.now += DAY_S
    assert sweep_retention(timed) == 1
    with pytest.raises(NotFound):
        timed.uploads.get(upload.id, "acme")
    assert list(timed.objects.list_keys(upload.key)) == []
    assert objects(timed, job) == ["exports/video.mp4", "messages.jsonl", "poses.bin"]
    clock.now += DAY_S
    assert sweep_retention(timed) == 1
    assert objects(timed, job) == ["messages.jsonl", "poses.bin"]
    assert timed.jobs.get(job.id).exports == ()
    clock.now += DAY_S
    assert sweep_retention(timed) == 1
    assert objects(timed, job) == []
    with pytest.raises(NotFound):
        timed.jobs.get(job.id)
    assert timed.redis.exists(keys.RETENTION) == 0


def test_an_upload_that_is_used_stays_for_longer(timed: Stores, clock: Clock) -> None:
    upload = put(timed)
    clock.now += DAY_S - 1
    timed.retention.keep_upload("acme", upload.id, LIMITS)
    clock.now += DAY_S - 1
    assert sweep_retention(timed) == 0
    clock.now += 1
    assert sweep_retention(timed) == 1


def test_a_record_that_expired_by_itself_takes_its_objects_along(
    timed: Stores, clock: Clock
) -> None:
    upload = put(timed)
    job = finished(timed, input=JobInput(uploadId=upload.id, key=upload.key))
    timed.redis.delete(*keys.of_job(job.id))
    clock.now += 3 * DAY_S
    assert sweep_retention(timed) == 3
    assert objects(timed, job) == [] and list(timed.objects.list_keys(upload.key)) == []
    assert timed.redis.zscore(keys.tenant_jobs("acme"), job.id) is None


def test_what_is_erased_before_leaves_no_day(timed: Stores) -> None:
    upload = put(timed)
    job = finished(timed, input=JobInput(uploadId=upload.id, key=upload.key))
    assert timed.redis.zcard(keys.RETENTION) == 3
    erase_job(timed, timed.jobs.get(job.id))
    assert timed.redis.exists(keys.RETENTION) == 0


def test_a_store_that_is_away_is_asked_again(
    timed: Stores, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(timed)
    clock.now += DAY_S

    def away(*_: object) -> None:
        raise StoreUnavailable("S3")

    with monkeypatch.context() as patched:
        patched.setattr(type(timed.objects), "delete", away)
        assert sweep_retention(timed) == 0
    assert sweep_retention(timed) == 0  # not at once
    clock.now += AGAIN_S
    assert sweep_retention(timed) == 1


def test_without_days_things_stay(stores: Stores) -> None:
    stores.retention.keep_upload("acme", "upl_1", PlanLimits())
    job = msgspec.structs.replace(new_job(stores), finishedAt="2026-01-01T00:00:00Z")
    stores.retention.keep_job(job, PlanLimits())
    assert stores.redis.exists(keys.RETENTION) == 0


def test_the_record_lasts_as_long_as_the_plan_says(timed: Stores) -> None:
    job = finished(timed)
    assert timed.redis.ttl(keys.job(job.id)) == 3 * DAY_S
    assert 0 < timed.redis.ttl(keys.messages(job.id)) <= timed.settings.hot_ttl_s
