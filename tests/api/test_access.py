"""Keys: scopes, ends, page tokens, wrong keys, and what every answer bears."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.api.api_play import S3, Actor, Client, new_job, plain_client, put_upload, refused
from tests.api.server_play import serving
from worker.contract.plans import Plan
from worker.contract.scopes import Scope
from worker.settings import Settings
from worker.storage.errors import NotFound
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import KeyStore

Keyed = Callable[[str], Client]
READ, WRITE = (Scope.JOBS_READ,), (Scope.JOBS_WRITE,)


@pytest.fixture
def keyed(address: str) -> Iterator[Keyed]:
    """A client with a given key."""
    opened: list[Client] = []

    def make(key: str) -> Client:
        headers = {"Authorization": f"Bearer {key}"}
        opened.append(plain_client(base_url=f"{address}/v1", headers=headers))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def page(client: Client, keyed: Keyed) -> Client:
    """A client with a page token of the tenant acme."""
    return keyed(client.post("/page-tokens", json={}).json()["token"])


def test_a_key_does_what_its_scopes_say(client: Client, keyed: Keyed, stores: Stores) -> None:
    job = new_job(client)["id"]
    reads = keyed(stores.keys.create("acme", Plan.DEVELOPER, scopes=READ))
    writes = keyed(stores.keys.create("acme", Plan.DEVELOPER, scopes=WRITE))
    assert reads.get("/me").json()["scopes"] == ["jobs:read"]
    assert reads.get(f"/jobs/{job}").status_code == 200
    answer = reads.post(f"/jobs/{job}/cancel")
    assert refused(answer, 403, "insufficient_scope")["details"] == {"scope": "jobs:write"}
    assert answer.headers["www-authenticate"] == (
        'Bearer error="insufficient_scope", scope="jobs:write"'
    )
    refused(writes.get(f"/jobs/{job}"), 403, "insufficient_scope")
    refused(writes.get("/webhooks"), 403, "insufficient_scope")
    assert writes.post(f"/jobs/{job}/cancel").status_code == 200
    # a token has no scope that its maker has not
    token = writes.post("/page-tokens", json={}).json()
    assert token["scopes"] == ["jobs:write"]
    refused(keyed(token["token"]).get("/jobs/job_0"), 403, "insufficient_scope")
    refused(reads.post("/page-tokens", json={}), 403, "insufficient_scope")


def test_keys_end_by_themselves_and_at_once(stores: Stores) -> None:
    now = [time.time()]
    store = KeyStore(stores.redis, lambda: now[0])
    key = store.create("acme", Plan.FREE, expires_s=100)
    maker = store.find(key)
    assert maker is not None and maker.expiresAt is not None
    token, record = store.create_page_token(maker, 3600)
    assert record.expiresAt == maker.expiresAt
    now[0] += 99
    assert store.find(key) and store.find(token)
    now[0] += 2
    assert store.find(key) is None and store.find(token) is None
    lasting = store.create("acme", Plan.FREE)
    kept = store.find(lasting)
    assert kept is not None
    token, _ = store.create_page_token(kept, 3600)
    assert [one.keyId for one in store.list() if one.owner] == []
    store.revoke(kept.keyId)
    assert store.find(lasting) is None and store.find(token) is None
    with pytest.raises(NotFound):
        store.revoke(kept.keyId)


def test_a_revoked_key_is_refused_at_once(client: Client, stores: Stores) -> None:
    assert client.get("/me").status_code == 200
    stores.keys.revoke(client.get("/me").json()["keyId"])
    refused(client.get("/me"), 401, "invalid_token")


def test_a_page_token_has_its_own_uploads_and_jobs_only(
    client: Client, page: Client, keyed: Keyed, stores: Stores
) -> None:
    others, upload = new_job(client)["id"], put_upload(client)
    mine = new_job(page, {"exercise": "squat"})["id"]
    assert page.get(f"/jobs/{mine}").status_code == 200
    assert client.get(f"/jobs/{mine}").status_code == 200, "the tenant sees what its pages make"
    assert page.get(f"/jobs/{mine}/messages").status_code == 200
    assert page.get("/me").json()["tenant"] == "acme"
    for answer in (
        page.get(f"/jobs/{others}"),
        page.get(f"/jobs/{others}/messages"),
        page.post(f"/jobs/{others}/cancel"),
        page.post(f"/jobs/{others}/analyze", json={}),
        page.delete(f"/jobs/{others}"),
        page.post("/jobs", json={"input": {"uploadId": upload}}),
    ):
        refused(answer, 404, "not_found")
    for answer in (
        page.get("/jobs"),
        page.get("/usage"),
        page.get("/webhooks"),
        page.get("/batches"),
        page.get("/references"),
        page.post("/page-tokens", json={}),
        page.post("/batches", json={"jobs": [{"input": {"uploadId": upload}}]}),
        page.post("/jobs", json={"input": {"url": "s3://bucket/key.mp4"}}),
        page.post(
            "/jobs",
            json={
                "input": {"uploadId": put_upload(page)},
                "webhook": {"url": "https://hooks.example/x", "events": ["job.succeeded"]},
            },
        ),
    ):
        refused(answer, 403, "insufficient_scope")
    # another page of the same tenant is a stranger
    other = keyed(client.post("/page-tokens", json={}).json()["token"])
    refused(other.get(f"/jobs/{mine}"), 404, "not_found")
    Actor(stores, mine).finish()
    again = page.post(f"/jobs/{mine}/analyze", json={"options": {"exercise": "lunge"}})
    assert again.status_code == 202 and page.get(f"/jobs/{again.json()['id']}").status_code == 200
    assert page.delete(f"/jobs/{mine}").status_code == 204


def test_the_page_takes_either(address: str, client: Client, page: Client, public: Client) -> None:
    for who in (client, page):
        headers = {"Authorization": who.headers["Authorization"]}
        asked = public.get("/pose_tracker/options?exercise=squat&keypoints=true", headers=headers)
        assert asked.status_code == 200 and asked.json()["options"]["exercise"] == "squat"
    upload = put_upload(page)
    body = {"input": {"uploadId": upload}, "options": {"exercise": "squat", "keypoints": True}}
    job = page.post("/jobs", json=body, headers={"Idempotency-Key": upload}).json()["id"]
    followed = page.get(f"/jobs/{job}/messages?edition=superset&after=0-0")
    assert followed.status_code == 200
    assert page.post(f"/jobs/{job}/cancel").json()["status"] == "canceled"


def test_idempotency_keys_tell_a_page_nothing(client: Client, page: Client) -> None:
    body = {"input": {"url": "http://media.example/a.mp4"}}
    named = {"Idempotency-Key": "one"}
    first = client.post("/jobs", json=body, headers=named).json()["id"]
    made = page.post("/jobs", json=body, headers=named)
    assert made.status_code == 202 and made.json()["id"] != first
    assert page.post("/jobs", json=body, headers=named).json()["id"] == made.json()["id"]


def test_how_long_a_page_token_holds(client: Client) -> None:
    for wrong in ({"expiresInSeconds": 59}, {"expiresInSeconds": 86_401}, {"scopes": ["admin"]}):
        refused(client.post("/page-tokens", json=wrong), 422, "invalid_parameter")
    assert client.post("/page-tokens", json={"expiresInSeconds": 60}).status_code == 201


def test_wrong_keys_are_counted_by_address(
    settings: Settings, client: Client, stores: Stores
) -> None:
    right = client.headers["Authorization"]
    change = {"refused_keys_per_minute": 3, "trusted_proxies": "127.0.0.1"}
    with serving(settings, **change) as address, plain_client(base_url=f"{address}/v1") as here:

        def ask(key: str, forwarded: str = "203.0.113.9") -> object:
            headers = {"Authorization": key, "X-Forwarded-For": forwarded}
            return here.get("/me", headers=headers)

        assert here.get("/me").json()["code"] == "missing_token", "no key is no wrong key"
        for _ in range(3):
            refused(ask("Bearer pq_wrong"), 401, "invalid_token")
        answer = ask("Bearer pq_wrong")
        assert refused(answer, 429, "rate_limited")["details"]["limit"] == "refusedKeysPerMinute"
        assert 1 <= int(answer.headers["retry-after"]) <= 21
        assert ask(right).status_code == 200, "who shares the address is not locked out"
        refused(ask("Bearer pq_wrong", "203.0.113.10"), 401, "invalid_token")
        for number in range(4):
            last = ask("Bearer pq_wrong", f"2001:db8::{number}")
        refused(last, 429, "rate_limited")


def test_what_every_answer_bears(client: Client, public: Client, settings: Settings) -> None:
    for answer in (
        client.get("/me"),
        client.get("/nowhere"),
        client.post("/jobs", content=b"{"),
        public.get("/healthz"),
        public.get("/openapi.json"),
        public.get("/docs"),
        public.get("/pose_tracker/upload_tracking"),
        public.get("/"),
    ):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        # the page alone is for everybody to frame
        framed = answer.request.url.path == "/pose_tracker/upload_tracking"
        assert ("frame-ancestors" in headers["content-security-policy"]) is not framed
        assert "strict-transport-security" not in headers
    assert client.get("/me").headers["cache-control"] == "no-store"
    behind_tls = client.get("/me", headers={"X-Forwarded-Proto": "https"})
    assert behind_tls.headers["strict-transport-security"].startswith("max-age=")


def test_a_presigned_put_is_for_one_object_size_type_and_time(
    client: Client, stores: Stores
) -> None:
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 5}
    upload = client.post("/uploads", json=body).json()
    url, headers = upload["url"], upload["headers"]
    stored = stores.uploads.get(upload["id"], "acme")
    other = client.post("/uploads", json=body).json()
    swapped = url.replace(upload["id"], other["id"])
    assert swapped != url
    tries = {
        "another object": S3.put(swapped, content=b"12345", headers=headers),
        "another size": S3.put(url, content=b"123456", headers=headers),
        "another type": S3.put(url, content=b"12345", headers={"Content-Type": "text/html"}),
        "no type": S3.put(url, content=b"12345"),
        "reading": S3.get(url),
        "erasing": S3.delete(url),
        "another time": S3.put(
            url.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800"),
            content=b"12345",
            headers=headers,
        ),
    }
    assert {name: answer.status_code for name, answer in tries.items()} == dict.fromkeys(tries, 403)
    brief = stores.objects.presign_put(stored.key, "video/mp4", 5, 1)
    end = time.monotonic() + 30
    while S3.put(brief, content=b"12345", headers=headers).status_code == 200:
        assert time.monotonic() < end, "it does not expire"
        time.sleep(0.2)
    read = stores.objects.presign_get(stored.key, 60)
    assert S3.put(read, content=b"12345").status_code == 403
    assert S3.get(read.split("?")[0]).status_code == 403, "nothing is public"
