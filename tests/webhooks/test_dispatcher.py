"""Which entries of the firehose make a job be looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.storage.factories import counters
from tests.webhooks.conftest import Post, Receiver, Subscribe
from tests.webhooks.fakes import Play
from worker.contract.webhooks import JobWebhook
from worker.storage.stores import Stores
from worker.webhooks.dispatcher import Dispatcher


@pytest.mark.parametrize(
    ("events", "looks"),
    [
        (["job.failed"], ["queue", "start", "end"]),
        (["message.counter"], ["queue", "start", "say", "end"]),
        (["message.keypoints"], ["queue", "start", "end"]),  # polled in between
        ([], []),
    ],
)
def test_only_entries_that_an_endpoint_takes_or_needs(
    stores: Stores, post: Post, receive: Callable[..., Receiver], subscribe: Subscribe,
    monkeypatch: pytest.MonkeyPatch, events: list[str], looks: list[str],
) -> None:  # fmt: skip
    if events:
        subscribe(receive(), *events)
    found: list[str] = []
    advance = Dispatcher.advance

    def looked(self: Dispatcher, job_id: str) -> None:
        found.append(step)
        advance(self, job_id)

    monkeypatch.setattr(Dispatcher, "advance", looked)
    step = "queue"
    play = Play(stores)
    post.hear()
    for name, act in {
        "start": play.start, "say": lambda: play.say(*counters(1, 3)), "end": play.end
    }.items():  # fmt: skip
        step = name
        act()
        post.hear()
    assert found == looks


def test_a_jobs_own_webhook_may_take_anything(stores: Stores, post: Post) -> None:
    names = {"we_1": "https://app.example.com/hook"}
    stores.endpoints.admit("acme", names, None)
    own = JobWebhook(endpoint="we_1", events=("job.succeeded",), url=names["we_1"])
    Play(stores, webhook=own).start().end()
    post.hear()
    assert post.told == ["we_1"]


def test_messages_that_a_registered_endpoint_does_not_take_come_while_the_job_runs(
    stores: Stores, post: Post, receive: Callable[..., Receiver], subscribe: Subscribe
) -> None:
    receiver = receive()
    endpoint, _ = subscribe(receiver, "job.failed")
    own = JobWebhook(endpoint=endpoint.id, events=("message.counter",), url=endpoint.url)
    play = Play(stores, webhook=own).start()
    post.hear()
    play.say(*counters(1, 3))
    post.run(5, until=lambda: len(receiver.got) == 3)
    assert receiver.types == ["message.counter"] * 3


def test_a_job_may_take_more_at_the_address_of_an_endpoint(
    stores: Stores, post: Post, receive: Callable[..., Receiver], subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive(), "job.failed")
    name = stores.endpoints.name_of_url("acme", endpoint.url)
    stores.endpoints.admit("acme", {name: endpoint.url}, None)
    own = JobWebhook(endpoint=name, events=("job.succeeded",), url=endpoint.url)
    Play(stores, webhook=own).start().end()
    post.hear()
    assert post.told == [endpoint.id]


def test_the_address_of_an_endpoint_that_was_made_anew_gets_the_jobs_events(
    stores: Stores, post: Post, receive: Callable[..., Receiver], subscribe: Subscribe
) -> None:
    first, _ = subscribe(receiver := receive(), "job.failed")
    own = JobWebhook(endpoint=first.id, events=("job.succeeded",), url=first.url)
    play = Play(stores, webhook=own).start()
    stores.endpoints.delete(first)
    second, secret = subscribe(receiver, "job.failed")
    play.end()
    post.run(5, until=lambda: len(receiver.got) == 1)
    (event,) = receiver.verified(secret)
    assert (event["type"], second.id != first.id) == ("job.succeeded", True)


def test_a_deleted_endpoint_gets_nothing_more(
    stores: Stores, post: Post, receive: Callable[..., Receiver], subscribe: Subscribe
) -> None:
    first, _ = subscribe(receive(), "job.failed")
    subscribe(receive(), "job.failed")
    own = JobWebhook(endpoint=first.id, events=("job.succeeded",), url=first.url)
    play = Play(stores, webhook=own).start()
    stores.endpoints.delete(first)
    play.end()
    post.hear()
    assert post.told == []
