"""Erased uploads stay erased, and no job's end takes another's file away."""

from __future__ import annotations

import httpx
import pytest

from tests.storage.factories import new_job
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.lifecycle.completion import archive_job, complete_job
from worker.lifecycle.deletion import erase_job, erase_upload, sweep_uploads, upload_read
from worker.storage import keys
from worker.storage.errors import LimitExceeded
from worker.storage.objects.object_keys import upload_key
from worker.storage.objects.presigning import PART_BYTES
from worker.storage.objects.uploads import Upload
from worker.storage.stores import Stores


def put(stores: Stores) -> Upload:
    upload = stores.uploads.create("acme", "a.mp4", "video/mp4", 4)
    assert send(stores, upload) == 200
    return upload


def send(stores: Stores, upload: Upload) -> int:
    headers = {"Content-Type": upload.contentType}
    url = stores.uploads.url(upload)
    return httpx.put(url, content=b"clip", headers=headers, trust_env=False).status_code


def reading(stores: Stores, upload: Upload, *, erase: bool = False, own: bool = True) -> Job:
    given = JobInput(uploadId=upload.id if own else None, key=upload.key)
    return new_job(stores, input=given, eraseUpload=erase)


def end(stores: Stores, job: Job) -> None:
    token = stores.leases.claim(job.id).token
    complete_job(stores, job, token, JobStatus.SUCCEEDED)
    archive_job(stores, job.id)


def there(stores: Stores, upload: Upload) -> bool:
    return list(stores.objects.list_keys(upload.key)) == [upload.key]


def ripen(stores: Stores) -> None:
    """No URL of an erased upload holds any more."""
    for note in stores.redis.zrange(keys.UPLOADS_LATE, 0, -1):
        stores.redis.zadd(keys.UPLOADS_LATE, {note: 1})


def test_bytes_that_come_after_the_erasure_go_when_the_url_has_ended(stores: Stores) -> None:
    upload = put(stores)
    job = reading(stores, upload)
    erase_job(stores, job)
    assert not there(stores, upload)
    assert send(stores, upload) == 200 and there(stores, upload)
    sweep_uploads(stores)
    assert there(stores, upload)  # the URL still holds: it would come again
    ripen(stores)
    sweep_uploads(stores)
    assert not there(stores, upload) and not stores.redis.exists(keys.UPLOADS_LATE)


def test_the_last_job_takes_it_away(stores: Stores) -> None:
    upload = put(stores)
    first = reading(stores, upload, erase=True)
    second, again = reading(stores, upload), reading(stores, upload, own=False)
    assert upload_read(stores, upload.id)
    end(stores, first)
    assert there(stores, upload)
    end(stores, second)
    assert there(stores, upload)
    end(stores, again)
    assert not there(stores, upload) and not upload_read(stores, upload.id)


def test_a_job_that_is_deleted_takes_no_other_jobs_upload(stores: Stores) -> None:
    upload = put(stores)
    first, second = reading(stores, upload), reading(stores, upload)
    erase_job(stores, first)
    assert there(stores, upload)
    end(stores, second)
    assert not there(stores, upload)


def test_who_only_borrows_poses_erases_nothing(stores: Stores) -> None:
    upload = put(stores)
    end(stores, reading(stores, upload))
    borrowing = reading(stores, upload, own=False, erase=True)
    erase_job(stores, borrowing)
    assert there(stores, upload)


def test_parts_that_were_never_joined_go(stores: Stores) -> None:
    upload = stores.uploads.create("acme", "b.mp4", "video/mp4", 5 * PART_BYTES)
    part = stores.uploads.parts(upload)[0]
    assert httpx.put(part.url, content=b"\0" * PART_BYTES, trust_env=False).status_code == 200
    client, bucket = stores.objects._client, stores.objects.bucket

    def open_ones() -> list[str]:
        found = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        return [one["Key"] for one in found if one["Key"] == upload.key]

    assert open_ones() == [upload.key]
    erase_upload(stores, "acme", upload.id)
    assert open_ones() == []


def test_objects_that_no_record_knows_go(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, lost = put(stores), upload_key("acme", "upl_lost")
    stores.objects.put(lost, b"clip", "video/mp4")
    assert sweep_uploads(stores) == 0 and sweep_uploads(stores) == 0  # it may be on its way
    stores.redis.delete(keys.UPLOADS_CURSOR, keys.UPLOADS_SEARCHED)
    monkeypatch.setattr(stores.uploads, "ttl_s", -7200)
    assert sweep_uploads(stores) >= 1
    assert there(stores, kept) and not list(stores.objects.list_keys(lost))


def test_announced_bytes_are_counted(stores: Stores) -> None:
    made = [stores.uploads.create("acme", "a", "video/mp4", 40, most=100) for _ in range(2)]
    with pytest.raises(LimitExceeded) as refusal:
        stores.uploads.create("acme", "a", "video/mp4", 40, most=100)
    assert refusal.value.details == {"limit": "storedBytes", "allowed": 100, "used": 80}
    stores.uploads.create("umbrella", "a", "video/mp4", 100, most=100)
    for upload in made:
        erase_upload(stores, "acme", upload.id)
        erase_upload(stores, "acme", upload.id)
    assert stores.redis.hgetall(keys.tenant_stored("acme")) == {}
    stores.uploads.create("acme", "a", "video/mp4", 100, most=100)
