"""Uploads through presigned URLs, whole and in parts, against the real S3 server."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import ResponseStreamingError

from worker.storage.errors import Conflict, NotFound, StoreUnavailable
from worker.storage.objects import presigning, uploads
from worker.storage.objects.s3 import ObjectStore
from worker.storage.objects.uploads import UploadStore
from worker.storage.stores import Stores

S3_LEAST_PART = 5 * 1024 * 1024


def put(url: str, data: bytes, **headers: str) -> httpx.Response:
    return httpx.put(url, content=data, headers=headers, timeout=60)


def test_a_presigned_put_takes_what_was_agreed_and_nothing_else(stores: Stores) -> None:
    upload = stores.uploads.create("acme", "a.mp4", "video/mp4", 5)
    url = stores.uploads.url(upload)
    assert stores.uploads.parts(upload) == []
    wrong = {"content-type": "text/html"}
    assert put(url, b"frame", **wrong).status_code == 403
    assert put(url, b"frames, more", **{"content-type": "video/mp4"}).status_code == 403
    with pytest.raises(NotFound):
        stores.objects.version(upload.key)
    assert put(url, b"frame", **{"content-type": "video/mp4"}).status_code == 200
    assert stores.objects.get(upload.key) == b"frame"
    assert stores.uploads.get(upload.id, "acme") == upload
    with pytest.raises(NotFound):
        stores.uploads.get(upload.id, "umbrella")
    stores.uploads.forget("acme", upload.id)
    with pytest.raises(NotFound):
        stores.uploads.get(upload.id, "acme")


def test_a_large_upload_goes_in_parts(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SINGLE_PUT_BYTES", S3_LEAST_PART)
    monkeypatch.setattr(uploads, "PART_BYTES", S3_LEAST_PART)
    data = bytes(S3_LEAST_PART) + b"the end"
    upload = stores.uploads.create("acme", "a.mp4", "video/mp4", len(data))
    parts = stores.uploads.parts(upload)
    assert [part.number for part in parts] == [1, 2]
    pieces = [data[:S3_LEAST_PART], data[S3_LEAST_PART:]]
    assert put(parts[1].url, pieces[0]).status_code == 403  # longer than its part may be
    etags = []
    for part, piece in zip(parts, pieces, strict=True):
        answer = put(part.url, piece)
        assert answer.status_code == 200
        etags.append((part.number, answer.headers["etag"]))
    with pytest.raises(Conflict):
        stores.uploads.complete(upload, [(1, etags[0][1]), (2, '"' + "0" * 32 + '"')])
    stores.uploads.complete(upload, etags[::-1])
    assert stores.objects.get(upload.key) == data


def test_the_count_of_parts(stores: Stores) -> None:
    size = presigning.SINGLE_PUT_BYTES
    assert stores.uploads.create("acme", "a", "video/mp4", size).partsId is None
    upload = stores.uploads.create("acme", "a", "video/mp4", size + 1)
    assert len(stores.uploads.parts(upload)) == size // presigning.PART_BYTES + 1


def test_urls_are_signed_for_the_public_endpoint(stores: Stores) -> None:
    given = stores.settings.model_copy(update={"s3_public_endpoint": "https://media.example"})
    public = UploadStore(stores.redis, ObjectStore(given), 60, 60)
    url = public.url(public.create("acme", "a", "video/mp4", 5))
    assert url.startswith("https://media.example/posequeue/uploads/acme/upl_")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert re.search(r"X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost", url)


def test_a_download_that_breaks_off_is_not_the_jobs_fault(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Broken:
        def read(self) -> bytes:
            raise ResponseStreamingError(error="connection lost")

        def iter_chunks(self, _size: int) -> Iterator[bytes]:
            yield b"fra"
            self.read()

        def close(self) -> None: ...

    stores.objects.put("t/a", b"frames", "video/mp4")
    with pytest.raises(NotFound):
        stores.objects.download("t/none", tmp_path / "b")
    broken = {"Body": Broken(), "ContentLength": 6}
    monkeypatch.setattr(stores.objects._client, "get_object", lambda **_: broken)
    with pytest.raises(StoreUnavailable):
        stores.objects.get("t/a")
    with pytest.raises(StoreUnavailable):
        stores.objects.download("t/a", tmp_path / "b")


@pytest.mark.parametrize("most", [5, 6])
def test_a_download_of_either_size(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int
) -> None:
    monkeypatch.setattr("worker.storage.objects.s3._TRANSFER_BYTES", most)
    stores.objects.put("t/a", b"frames", "video/mp4")
    for name in ("a", "b"):
        stores.objects.download("t/a", tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"frames"


def test_objects(stores: Stores) -> None:
    store = stores.objects
    for name in ("a", "b/c", "b/d é"):
        store.put(f"t/{name}", name.encode(), "text/plain")
    assert sorted(store.list_keys("t/b/")) == ["t/b/c", "t/b/d é"]
    answer = httpx.get(store.presign_get("t/a", 60, filename="a b.txt"))
    assert answer.content == b"a"
    assert answer.headers["content-disposition"] == 'attachment; filename="a b.txt"'
    assert httpx.get(store.presign_get("t/a", 60).replace("/t/a", "/t/b/c")).status_code == 403
    assert store.delete_prefix("t/") == 3
    assert store.delete_prefix("t/") == 0
    store.delete("t/a")
    with pytest.raises(NotFound):
        store.get("t/a")


@pytest.mark.parametrize("small", [4, 100])
def test_the_rest_of_a_file_is_stored_whatever_its_size(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr("worker.storage.objects.s3._PLAIN_BYTES", small)
    file = io.BytesIO(b"0123456789")
    file.seek(2)
    stores.objects.put_open("rest", file, "text/plain")
    assert stores.objects.get("rest") == b"23456789"
    assert stores.objects.head("rest") == (8, "text/plain")


def test_a_bucket_that_is_gone_is_an_outage(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise NotFound("no such bucket")

    monkeypatch.setattr(stores.objects, "_call", gone)
    with pytest.raises(StoreUnavailable):
        stores.objects.put_open("key", io.BytesIO(b"report"), "text/html")
