"""Uploads through presigned URLs, whole and in parts."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from api.client.media_types import BY_ENDING, UNSAID
from api.client.operations import uploaded
from api.schemas.answers import UploadView
from tests.api.api_play import S3, Client, refused
from worker.storage.objects.presigning import PART_BYTES, SINGLE_PUT_BYTES
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
    assert stores.objects.version(key)[0] == len(data)
    stores.objects.delete(key)


def test_parts_that_never_arrived(client: Client) -> None:
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": SINGLE_PUT_BYTES + 1}
    upload = client.post("/uploads", json=body).json()
    parts = [{"number": number, "etag": f'"{number:032x}"'} for number in range(1, 6)]
    answer = client.post(f"/uploads/{upload['id']}/complete", json={"parts": parts})
    refused(answer, 409, "conflict")


def test_what_systems_call_a_video_is_taken(client: Client) -> None:
    """As clients in other languages send it; the address is for the type's plain name."""
    for given, meant in (
        ("video/webm;codecs=vp9,opus", "video/webm"),
        ('video/mp4; codecs="avc1.42E01E"', "video/mp4"),
        ("VIDEO/MP4", "video/mp4"), ("audio/3gpp", "video/3gpp"), ("application/mp4", "video/mp4"),
        ("model/vnd.mts", "video/mp2t"), ("", "application/octet-stream"),
        ("binary/octet-stream", "application/octet-stream"),
        ("video/*", "application/octet-stream"),
    ):  # fmt: skip
        body = {"filename": "a.bin", "contentType": given, "bytes": 3}
        upload = client.post("/uploads", json=body)
        assert upload.status_code == 201, upload.text
        place = upload.json()
        assert place["headers"] == {"Content-Type": meant}
        put = S3.put(place["url"], content=b"abc", headers=place["headers"])
        assert put.status_code == 200, put.text


def test_the_name_tells_what_the_type_does_not(client: Client) -> None:
    for given in UNSAID:
        body = {"filename": "A.AVI", "contentType": given, "bytes": 3}
        answer = client.post("/uploads", json=body)
        assert answer.json()["headers"] == {"Content-Type": "video/x-msvideo"}, given


def test_a_name_may_hold_what_names_hold(client: Client, stores: Stores) -> None:
    for name in ("می‌خواهم.mp4", "family👨‍👩‍👧.mp4", "é" * 125 + ".mp4", "x" * 251 + ".mp4"):
        body = {"filename": name, "contentType": "video/mp4", "bytes": 3}
        assert client.post("/uploads", json=body).status_code == 201, name


@pytest.mark.parametrize("ending", sorted(BY_ENDING))
def test_the_client_is_never_refused_by_its_own_api(
    client: Client, tmp_path: Path, ending: str
) -> None:
    for name in (f"clip.{ending}", f"clip.{ending.upper()}"):
        wanted = next(uploaded(_file(tmp_path / name), None)).options["json"]
        assert wanted["contentType"] == BY_ENDING[ending]
        assert client.post("/uploads", json=wanted).status_code == 201


def test_a_name_that_is_no_unicode_can_be_sent(client: Client, tmp_path: Path) -> None:
    odd = _file(tmp_path / os.fsdecode(b"caf\xe9\n.mp4"))
    wanted = next(uploaded(odd, None)).options["json"]
    assert wanted["filename"] == "caf?_.mp4"
    assert client.post("/uploads", json=wanted).status_code == 201


def _file(path: Path) -> Path:
    path.write_bytes(b"abc")
    return path
