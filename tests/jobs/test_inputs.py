"""Inputs from buckets that this system may read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.storage.factories import new_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import JobInput
from worker.contract.plans import PlanLimits
from worker.jobs.heartbeat import Heartbeat
from worker.jobs.inputs import fetched_input
from worker.jobs.leased_job import LeasedJob
from worker.settings import Settings
from worker.storage.errors import Conflict, StoreUnavailable
from worker.storage.objects import s3
from worker.storage.stores import Stores

Fetch = Callable[..., bytes]
BUCKET = "customer-videos"


@pytest.fixture
def fetch(stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetches the input of a job at a URL, with BUCKET allowed."""
    monkeypatch.setattr(Settings, "input_buckets", frozenset({BUCKET}))
    client = stores.objects._client
    if BUCKET not in [one["Name"] for one in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET)

    def run(url: str, **fields: Any) -> bytes:
        job = new_job(stores, input=JobInput(url=url), **fields)
        token = stores.leases.claim(job.id).token
        heartbeat = Heartbeat(lambda: stores.leases.extend(job.id, token), 15, job.id)
        leased = LeasedJob(stores, job, token, heartbeat, lambda: False)
        return fetched_input(leased, tmp_path).read_bytes()

    return run


def put(stores: Stores, key: str, data: bytes, kind: str = "video/mp4") -> str:
    stores.objects._client.put_object(Bucket=BUCKET, Key=key, Body=data, ContentType=kind)
    return f"s3://{BUCKET}/{key}"


def refused(fetch: Fetch, url: str, **fields: Any) -> JobError:
    with pytest.raises(JobError) as refusal:
        fetch(url, **fields)
    return refusal.value


@pytest.mark.parametrize("key", ["a.mp4", "deep/folder/with space é+%20.mp4"])
def test_an_object_of_an_allowed_bucket(stores: Stores, fetch: Fetch, key: str) -> None:
    data = bytes(range(256)) * 1000
    assert fetch(put(stores, key, data)) == data


def test_one_that_is_not_there(stores: Stores, fetch: Fetch) -> None:
    error = refused(fetch, f"s3://{BUCKET}/none.mp4")
    assert error.code is ErrorCode.VIDEO_LOAD_ERROR
    assert error.message == f"There is no s3://{BUCKET}/none.mp4 that may be read."
    assert refused(fetch, f"s3://{BUCKET}/none", source="image").code is ErrorCode.IMAGE_LOAD_ERROR


def test_a_bucket_that_is_not_allowed(stores: Stores, fetch: Fetch) -> None:
    """Our own bucket holds other tenants' uploads."""
    stores.objects.put("uploads/other/upl_1", b"secret", "video/mp4")
    error = refused(fetch, f"s3://{stores.objects.bucket}/uploads/other/upl_1")
    assert error.code is ErrorCode.VIDEO_LOAD_ERROR and "is not read from" in error.message


def test_too_large_and_no_media(
    stores: Stores, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = put(stores, "page", b"<html>", "text/html")
    assert "text/html" in refused(fetch, page).message
    large = put(stores, "large.mp4", b"x" * 11)
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(uploadBytes=10))
    assert refused(fetch, large).code is ErrorCode.MEDIA_TOO_LARGE


def test_an_upload_that_was_replaced_is_not_read(stores: Stores, tmp_path: Path) -> None:
    stores.objects.put("uploads/acme/upl_1", b"frames", "video/mp4")
    tag = stores.objects.version("uploads/acme/upl_1")[1]
    given = JobInput(uploadId="upl_1", key="uploads/acme/upl_1", tag=tag)
    job = new_job(stores, input=given)
    token = stores.leases.claim(job.id).token
    heartbeat = Heartbeat(lambda: stores.leases.extend(job.id, token), 15, job.id)
    leased = LeasedJob(stores, job, token, heartbeat, lambda: False)
    assert fetched_input(leased, tmp_path).read_bytes() == b"frames"
    stores.objects.put("uploads/acme/upl_1", b"others", "video/mp4")
    with pytest.raises(JobError, match="was replaced") as refusal:
        fetched_input(leased, tmp_path)
    assert refusal.value.code is ErrorCode.VIDEO_LOAD_ERROR


def test_ranges_of_an_upload_are_of_one_version(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is replaced between the first request and those for the ranges."""
    monkeypatch.setattr(s3, "_TRANSFER_BYTES", 5)
    key = "uploads/acme/upl_1"
    stores.objects.put(key, b"frames", "video/mp4")
    know = s3._KnownVersion.on_queued

    def replaced(self: s3._KnownVersion, **given: Any) -> None:
        stores.objects.put(key, b"others", "video/mp4")
        know(self, **given)

    monkeypatch.setattr(s3._KnownVersion, "on_queued", replaced)
    tag = stores.objects.version(key)[1]
    with pytest.raises(StoreUnavailable):  # the next attempt learns at its first request
        stores.objects.download(key, tmp_path / "a", tag)
    with pytest.raises(Conflict):
        stores.objects.download(key, tmp_path / "a", tag)
