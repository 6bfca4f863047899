"""Uploads through presigned URLs, whole and in parts."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

from api.schemas.jobs import UploadView
from tests.api.api_play import S3, Client, refused
from worker.storage.objects.s3 import PART_BYTES, SINGLE_PUT_BYTES
from worker.storage.stores import Stores


def test_a_presigned_put_takes_that_size_and_type_only(client: Client, stores: Stores) -> None:
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 5}
    answer = client.post("/uploads", json=body)
    assert answer.status_code == 201
    upload = answer.json()
    UploadView.model_validate(upload)
    assert upload["method"] == "PUT" and upload["headers"] == {"Content-Type": "video/mp4"}
    query = parse_qs(urlsplit(upload["url"]).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    url, headers = upload["url"], upload["headers"]
    assert S3.put(url, content=b"123456", headers=headers).status_code == 403
    assert S3.put(url, content=b"12345", headers={"Content-Type": "a/b"}).status_code == 403
    refused(client.post("/jobs", json={"input": {"uploadId": upload["id"]}}), 409, "conflict")
    assert S3.put(url, content=b"12345", headers=headers).status_code == 200
    stored = stores.uploads.get(upload["id"], "acme")
    assert stores.objects.get(stored.key) == b"12345"


def test_a_large_upload_goes_in_parts(client: Client, stores: Stores) -> None:
    data = secrets.token_bytes(1024) * (SINGLE_PUT_BYTES // 1024) + b"!"
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": len(data)}
    upload = client.post("/uploads", json=body).json()
    UploadView.model_validate(upload)
    assert "url" not in upload and upload["partBytes"] == PART_BYTES
    assert [part["number"] for part in upload["parts"]] == [1, 2, 3, 4, 5]
    complete = f"/uploads/{upload['id']}/complete"
    done = []
    for part in upload["parts"]:
        chunk = data[(part["number"] - 1) * PART_BYTES :][:PART_BYTES]
        answer = S3.put(part["url"], content=chunk)
        assert answer.status_code == 200, answer.text
        done.append({"number": part["number"], "etag": answer.headers["etag"]})
    problem = refused(client.post(complete, json={"parts": done[1:]}), 422, "invalid_parameter")
    assert problem["details"] == {"parameter": "parts", "allowed": "parts 1 to 5"}
    wrong = [{**done[0], "etag": '"0123456789abcdef0123456789abcdef"'}, *done[1:]]
    refused(client.post(complete, json={"parts": wrong}), 409, "conflict")
    job = {"input": {"uploadId": upload["id"]}}
    refused(client.post("/jobs", json=job), 409, "conflict")
    for _ in range(2):
        answer = client.post(complete, json={"parts": done})
        assert answer.status_code == 200
        assert answer.json() == {"id": upload["id"], "bytes": len(data)}
    assert client.post("/jobs", json=job).status_code == 202
    key = stores.uploads.get(upload["id"], "acme").key
    assert stores.objects.size(key) == len(data)
    stores.objects.delete(key)


def test_parts_that_never_arrived(client: Client) -> None:
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": SINGLE_PUT_BYTES + 1}
    upload = client.post("/uploads", json=body).json()
    parts = [{"number": number, "etag": f'"{number:032x}"'} for number in range(1, 6)]
    answer = client.post(f"/uploads/{upload['id']}/complete", json={"parts": parts})
    refused(answer, 409, "conflict")
