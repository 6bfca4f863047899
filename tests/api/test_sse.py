"""Server-sent events: live, resumed, across hot stream and archive."""

from __future__ import annotations

import pytest

from api.streaming import message_follower
from tests.api.api_play import Actor, Client, new_job
from tests.api.sse_play import Listener, counters, said, take
from worker.contract.examples import EXAMPLES
from worker.lifecycle.completion import archive_job
from worker.storage import keys
from worker.storage.stores import Stores


def test_messages_come_as_they_are_said_until_done(client: Client, stores: Stores) -> None:
    job_id = new_job(client)["id"]
    with Listener(client, job_id) as events:
        assert next(events) == (None, "", "connected")
        actor = Actor(stores, job_id)
        for n in (1, 2, 3):
            actor.say(*counters(n, n))
            assert take(events, 1) == [f"{n}-1"]
        actor.finish()
        left = said(events)
    assert left == [("3-2", "done", {"type": "done", "status": "succeeded", "messages": 3})]


def test_it_resumes_across_hot_stream_and_archive(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 1200))
    with Listener(client, actor.id) as events:
        seen = take(events, 400)
    # the header wins over the query, which a browser repeats as it was
    with Listener(client, actor.id, resume=seen[-1], after="0-0") as events:
        seen += take(events, 300)
    actor.say(*counters(1201, 1300))
    actor.finish()
    archive_job(stores, actor.id)
    with Listener(client, actor.id, resume=seen[-1]) as events:
        seen += take(events, 100)
    stores.redis.delete(keys.messages(actor.id))
    with Listener(client, actor.id, after=str(seen[-1])) as events:
        rest = said(events)
    seen += [entry_id for entry_id, _, _ in rest]
    assert seen == [*(f"{n}-1" for n in range(1, 1301)), "1300-2"]
    assert rest[-1][1] == "done"


def test_a_stream_that_cools_down_under_a_reader(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 3))
    with Listener(client, actor.id) as events:
        assert take(events, 3)
        # the end is written while nobody can read it from Redis any more
        actor.say(*counters(4, 5))
        assert take(events, 2) == ["4-1", "5-1"]
        actor.finish()
        archive_job(stores, actor.id)
        stores.redis.delete(keys.messages(actor.id))
        assert [entry_id for entry_id, _, _ in said(events)] == ["5-2"]


def test_after_the_end_there_is_nothing(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 2))
    actor.finish()
    stream = {"Accept": "text/event-stream"}
    path = f"/jobs/{actor.id}/messages"
    for archived in (False, True):
        if archived:
            archive_job(stores, actor.id)
            stores.redis.delete(keys.messages(actor.id))
        # an EventSource comes again after `done`, and stops at this answer alone
        assert client.get(path, headers={**stream, "Last-Event-ID": "2-2"}).status_code == 204
        for name in ("lastEventId", "last-event-id"):
            assert client.get(path, headers=stream, params={name: "2-2"}).status_code == 204
        # with a filter `done` was never heard, nor will be
        wanted = {"types": "counter"}
        heard = {**stream, "Last-Event-ID": "2-1"}
        assert client.get(path, headers=heard, params=wanted).status_code == 204
        # who asks anew, and does not come again, is told everything
        with Listener(client, actor.id, resume="") as events:
            assert [entry for entry, _, _ in said(events)] == ["1-1", "2-1", "2-2"]


@pytest.mark.parametrize("name", ["lastEventId", "last-event-id"])
def test_the_place_in_the_address(client: Client, stores: Stores, name: str) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 2))
    actor.finish()
    path, stream = f"/jobs/{actor.id}/messages", {"Accept": "text/event-stream"}
    answer = client.get(path, headers=stream, params={name: "1-1"})
    assert [line for line in answer.text.splitlines() if line.startswith("id:")] == [
        "id: 2-1", "id: 2-2",
    ]  # fmt: skip
    assert answer.headers["cache-control"] == "no-store, no-transform"
    both = client.get(path, headers={**stream, "Last-Event-ID": "2-1"}, params={name: "1-1"})
    assert both.text.count("id:") == 1
    assert client.get(path, headers=stream, params={name: "x"}).status_code == 422
    assert client.get(path, headers=stream, params={name: ""}).text.count("id:") == 3


def test_types_and_editions(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    actor.say(("1-1", EXAMPLES["counter"]), ("2-1", EXAMPLES["jump_height"]))
    actor.finish()
    with Listener(client, actor.id, types="jump_height,done", edition="classic") as events:
        found = said(events)
    assert [(entry_id, kind) for entry_id, kind, _ in found] == [
        (None, "jump_height"),
        ("2-1", "jump_result"),
        ("2-2", "done"),
    ]
    assert all(kind == data["type"] for _, kind, data in found)
    with Listener(client, actor.id, types="jump_result", edition="superset") as events:
        assert [(entry_id, kind) for entry_id, kind, _ in said(events)] == [("2-1", "jump_result")]
    path, asked = f"/jobs/{actor.id}/messages", {"types": "jump_result", "edition": "classic"}
    (only,) = client.get(path, params=asked).json()["messages"]
    assert only["message"]["type"] == "jump_result"
    # nothing is left of what is wanted, though of what it is made there is
    resumed = {"Accept": "text/event-stream", "Last-Event-ID": "1-1"}
    assert client.get(path, params={"types": "jump_result"}, headers=resumed).status_code == 204


def test_erasure_ends_it(client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_follower, "_IDLE_S", 0.05)
    actor = Actor(stores, new_job(client)["id"])
    actor.say(*counters(1, 1))
    with Listener(client, actor.id) as events:
        assert take(events, 1) == ["1-1"]
        assert client.delete(f"/jobs/{actor.id}").status_code == 204
        assert said(events) == []
