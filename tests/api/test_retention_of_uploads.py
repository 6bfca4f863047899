"""`retention.upload: none`: the upload is gone once the job is over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.api_play import Actor, Client, new_job, put_upload, refused
from worker.lifecycle.completion import archive_job
from worker.settings import Settings
from worker.storage.errors import NotFound
from worker.storage.stores import Stores


def there(stores: Stores, upload: str) -> bool:
    """Whether an upload's bytes and record are there; both, or neither."""
    try:
        key = stores.uploads.get(upload, "acme").key
    except NotFound:
        assert upload not in " ".join(stores.objects.list_keys("uploads/acme/"))
        return False
    return stores.objects.version(key)[0] > 0


@pytest.mark.parametrize("retention", [None, {}, {"upload": "plan"}, {"upload": "none"}])
def test_an_upload_goes_where_the_job_says_so(
    client: Client, stores: Stores, retention: dict[str, Any] | None
) -> None:
    upload = put_upload(client)
    body: dict[str, Any] = {"input": {"uploadId": upload}}
    if retention is not None:
        body["retention"] = retention
    job = client.post("/jobs", json=body).json()["id"]
    assert there(stores, upload)
    Actor(stores, job).finish()
    archive_job(stores, job)
    archive_job(stores, job)
    assert there(stores, upload) is (retention != {"upload": "none"})
    assert client.get(f"/jobs/{job}").json()["status"] == "succeeded"
    assert client.delete(f"/jobs/{job}").status_code == 204


def test_what_retention_takes(client: Client) -> None:
    for wrong in ({"upload": "week"}, {"exports": "none"}, "none"):
        body = {"input": {"url": "http://media.example/a.mp4"}, "retention": wrong}
        refused(client.post("/jobs", json=body), 422, "invalid_parameter")


def test_a_canceled_job_lets_go_of_it_too(client: Client, stores: Stores) -> None:
    job = new_job(client, retention={"upload": "none"})["id"]
    upload = str(stores.jobs.get(job).input.uploadId)
    client.post(f"/jobs/{job}/cancel")
    archive_job(stores, job)
    assert not there(stores, upload)


def test_an_operator_says_so_for_a_tenant() -> None:
    named = Settings(erase_uploads_of="acme, umbrella")
    assert named.erases("acme") and named.erases("umbrella") and not named.erases("acm")
    assert Settings(erase_uploads_of="*").erases("anybody") and not Settings().erases("acme")
