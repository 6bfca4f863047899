"""Bodies: small, complete, with URLs that work."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import msgspec
import pytest

from tests.storage.factories import counters, progress
from tests.webhooks.conftest import Post, Receiver, Subscribe
from tests.webhooks.fakes import Play, played
from worker.contract.examples import EXAMPLES
from worker.contract.jobs import Export, JobStatus
from worker.contract.messages import TYPES, Entry, ExportReady, decode
from worker.contract.webhooks import MAX_BODY_BYTES, DeliveryItem
from worker.lifecycle.completion import archive_job
from worker.lifecycle.deletion import erase_job
from worker.storage.errors import NotFound
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores
from worker.webhooks.payload import render

Receive = Callable[..., Receiver]


def item(job_id: str, event: str, first: str = "", last: str = "", **more: object) -> DeliveryItem:
    return DeliveryItem(
        id="msg_1",
        type=event,
        subject=job_id,
        at="2026-01-01T00:00:00.000Z",
        first=first,
        last=last or first,
        **more,  # type: ignore[arg-type]
    )


def data_of(body: bytes) -> dict[str, object]:
    return dict(msgspec.json.decode(body)["data"])


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_any_message(stores: Stores, kind: str) -> None:
    example = EXAMPLES[kind]
    play = Play(stores, metadata={"a": 1}).start().say(Entry("4-1", example))
    data = data_of(render(stores, item(play.id, f"message.{kind}", "4-1"), "acme"))
    assert data["jobId"] == play.id
    assert data["id"] == "4-1" and data["metadata"] == {"a": 1}
    assert decode(msgspec.json.encode(data["message"])) == example


def test_a_large_body_is_a_claim_check(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    _, secret = subscribe(receiver, "job.succeeded", "message.progression")
    large = {"notes": "x" * 30_000}
    play = Play(stores, metadata=large).start()
    play.say(*[progress(n) for n in range(1, 900)]).end()
    post.run()
    groups = receiver.verified(secret)
    assert [event["type"] for event in groups] == ["message.progression", "job.succeeded"]
    for request in receiver.got:
        assert len(request.body) < MAX_BODY_BYTES
        data = request.event["data"]
        assert data["jobId"] == play.id and set(data) >= {"url", "bytes"}
        answer = httpx.get(data["url"])
        assert answer.status_code == 200 and len(answer.content) == data["bytes"]
        whole = answer.json()
        if request.event["type"] == "message.progression":
            assert len(whole["messages"]) == 899 and whole["metadata"] == large
        else:
            assert whole["id"] == play.id and whole["metadata"] == large
    assert len(list(stores.objects.list_keys(job_prefix("acme", play.id) + "webhooks/"))) == 2
    erase_job(stores, play.job)
    assert list(stores.objects.list_keys(job_prefix("acme", play.id))) == []


def test_urls_are_signed_when_they_are_sent(stores: Stores) -> None:
    play = Play(stores).start()
    key = f"{job_prefix('acme', play.id)}exports/1-video.mp4"
    stores.objects.put(key, b"film", "video/mp4")
    stale = ExportReady(
        url=stores.objects.presign_get(key, 60).split("&")[0] + "&X-Amz-Expires=0",
        mimeType="video/mp4", kind="video", bytes=4, expiresAt="2026-01-01T00:00:00Z",
    )  # fmt: skip
    export = Export(kind="video", key=key, mimeType="video/mp4", bytes=4)
    play.say(Entry("1-1", stale)).end(fields={"exports": [export]})
    message = data_of(render(stores, item(play.id, "message.export_ready", "1-1"), "acme"))
    job = data_of(render(stores, item(play.id, "job.succeeded"), "acme"))
    urls = (message["message"]["url"], job["exports"][0]["url"])  # type: ignore[index]
    assert [httpx.get(url).content for url in urls] == [b"film", b"film"]


def test_an_archived_job_reads_the_same(stores: Stores) -> None:
    job_id = played(stores, *counters(1, 5))
    one, group = item(job_id, "message.counter", "3-1"), item(
        job_id, "message.counter", "2-1", "4-1", grouped=True
    )  # fmt: skip
    hot = [render(stores, each, "acme") for each in (one, group)]
    archive_job(stores, job_id)
    stores.redis.delete(f"pq:{{{job_id}}}:messages")
    assert [render(stores, each, "acme") for each in (one, group)] == hot
    ids = [message["id"] for message in data_of(hot[1])["messages"]]  # type: ignore[attr-defined]
    assert ids == ["2-1", "3-1", "4-1"]


def test_an_erased_job_has_no_body(stores: Stores) -> None:
    play = Play(stores).start().say(*counters(1, 1)).end()
    erase_job(stores, play.job)
    for each in (item(play.id, "job.succeeded"), item(play.id, "message.counter", "1-1")):
        with pytest.raises(NotFound):
            render(stores, each, "acme")


def test_the_record_is_as_it_was(stores: Stores) -> None:
    job_id = Play(stores).start().end(JobStatus.FAILED).id
    events = ("job.queued", "job.started", "job.failed")
    seen = [data_of(render(stores, item(job_id, event), "acme")) for event in events]
    assert [data["status"] for data in seen] == ["queued", "running", "failed"]
    assert [data["attempt"] for data in seen] == [0, 1, 1]
    assert ["finishedAt" in data for data in seen] == [False, False, True]
