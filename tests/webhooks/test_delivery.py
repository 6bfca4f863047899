"""From a job's end to a receiver: signed, in order, again until it is taken."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from standardwebhooks import Webhook

from tests.storage.factories import Clock, changed, counters, progress
from tests.webhooks.conftest import Post, Receiver, Request, Subscribe
from tests.webhooks.fakes import Play, played
from worker.contract.jobs import JobStatus
from worker.contract.options import JobOptions
from worker.contract.webhooks import DISABLED, JOB_EVENTS, DeliveryStatus
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.storage.webhooks.schedule import DeliverySchedule
from worker.webhooks.delivery_worker import DeliveryWorker
from worker.webhooks.dispatcher import Dispatcher
from worker.webhooks.retry_policy import (
    HURRY_S,
    SCHEDULE,
    delay_after_refusal,
    is_refusal,
)
from worker.webhooks.sender import Sender

Receive = Callable[..., Receiver]


def test_the_defaults_and_their_signatures(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    _, secret = subscribe(receiver)
    job_id = played(stores, *counters(1, 3), metadata={"athlete": 7})
    post.run()
    (event,) = receiver.verified(secret)
    assert set(event) == {"type", "timestamp", "data"} and event["type"] == "job.succeeded"
    assert event["data"]["id"] == job_id and event["data"]["status"] == "succeeded"
    assert event["data"]["metadata"] == {"athlete": 7}
    assert event["timestamp"] == stores.jobs.get(job_id).finishedAt
    (request,) = receiver.got
    assert request.headers["content-type"] == "application/json" and request.path == "/hook"
    assert request.headers["webhook-signature"].startswith("v1,")
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60


def test_everything_of_a_job_in_its_order(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    _, secret = subscribe(receiver, *JOB_EVENTS, "message.counter", "message.done")
    job_id = played(stores, *counters(1, 5))
    post.run()
    events = receiver.verified(secret)
    assert [event["type"] for event in events] == [
        "job.queued", "job.started", *["message.counter"] * 5, "message.done", "job.succeeded"
    ]  # fmt: skip
    assert [event["data"]["status"] for event in events[:2]] == ["queued", "running"]
    assert "startedAt" not in events[0]["data"] and "finishedAt" not in events[1]["data"]
    counted = [event["data"] for event in events[2:7]]
    assert [data["id"] for data in counted] == [f"{n}-1" for n in range(1, 6)]
    assert counted[0] == {
        "jobId": job_id,
        "id": "1-1",
        "message": {"type": "counter", "current_count": 1},
        "metadata": {},
    }


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELED])
def test_other_ends(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe, status: JobStatus
) -> None:
    receiver = receive()
    subscribe(receiver, "job.succeeded", "job.failed", "job.canceled")
    Play(stores).start().end(status)
    post.run()
    assert receiver.types == [f"job.{status.value}"]


def test_only_the_tenants_own(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    mine, other = receive(), receive()
    subscribe(mine)
    subscribe(other, tenant="rival")
    played(stores)
    post.run()
    assert (len(mine.got), len(other.got)) == (1, 0)
    played(stores, tenant="nobody")
    post.run()
    assert (len(mine.got), len(other.got)) == (1, 0)


def test_retries_are_planned_by_redis_clock(
    stores: Stores, settings: Settings, receive: Receive, subscribe: Subscribe
) -> None:
    clock = Clock(stores.clock() - 600)  # this machine's clock is ten minutes ahead
    schedule = DeliverySchedule(stores.redis, stores.ordered_queues, clock)
    skewed = changed(stores, clock=clock, delivery_schedule=schedule)
    endpoint, _ = subscribe(receive(lambda _: (500, {}, b"")))
    job_id = played(stores)
    Dispatcher(skewed).advance(job_id)
    stores.redis.zadd(keys.ordered_queues(endpoint.id), {job_id: 0})
    DeliveryWorker(skewed, Sender(settings)).deliver(endpoint.id)
    due = stores.redis.zscore(keys.ordered_queues(endpoint.id), job_id)
    assert 0 < due - clock.now < 60


def test_a_failure_is_tried_again_and_the_job_waits_for_it(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    seen: set[str] = set()

    def first_500(request: Request) -> tuple[int, dict[str, str], bytes]:
        fresh = request.id not in seen
        seen.add(request.id)
        return (500 if fresh else 200), {}, b"broken" if fresh else b""

    receiver = receive(first_500)
    endpoint, secret = subscribe(receiver, "message.counter", "job.succeeded")
    played(stores, *counters(1, 3))
    post.run(until=lambda: len(receiver.got) == 8)
    events = receiver.verified(secret)
    asked = [event["data"]["id"] for event in events[:6]]
    assert asked == ["1-1", "1-1", "2-1", "2-1", "3-1", "3-1"]
    assert [event["type"] for event in events[6:]] == ["job.succeeded"] * 2
    ids = [request.id for request in receiver.got]
    assert ids[::2] == ids[1::2] and len(set(ids)) == 4
    first = stores.deliveries.get(ids[0], endpoint.id)
    assert first.status is DeliveryStatus.DELIVERED and first.nextAttemptAt is None
    assert [attempt.status for attempt in first.attempts] == [500, 200]
    assert first.attempts[0].excerpt == "broken"


def test_given_up_after_the_schedule_and_the_lane_goes_on(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    poison: list[str] = []

    def refuse_first(request: Request) -> tuple[int, dict[str, str], bytes]:
        poison.append(request.id)
        return (503 if request.id == poison[0] else 200), {}, b""

    post.stores.settings.webhook_retry_scale = 1e-7
    receiver = receive(refuse_first)
    endpoint, _ = subscribe(receiver, "message.counter")
    played(stores, *counters(1, 2))
    post.run(until=lambda: len(set(poison)) == 2)
    assert len(receiver.got) == len(SCHEDULE) + 1
    dead = stores.deliveries.get(poison[0], endpoint.id)
    assert dead.status is DeliveryStatus.DEAD and len(dead.attempts) == len(SCHEDULE)
    assert stores.redis.ttl(keys.delivery(poison[0])) > 6 * 86_400


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refused_event_is_given_up_after_three_tries_and_the_next_goes_on(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe, status: int
) -> None:
    poison: list[str] = []

    def refuse_first(request: Request) -> tuple[int, dict[str, str], bytes]:
        poison.append(request.id)
        return (status if request.id == poison[0] else 200), {}, b""

    post.stores.settings.webhook_retry_scale = 1e-7
    receiver = receive(refuse_first)
    endpoint, _ = subscribe(receiver, "message.counter")
    played(stores, *counters(1, 2))
    post.run(until=lambda: len(set(poison)) == 2)
    assert poison[:3] == [poison[0]] * 3 and poison[3] != poison[0]
    dead = stores.deliveries.get(poison[0], endpoint.id)
    assert dead.status is DeliveryStatus.DEAD and len(dead.attempts) == 3


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500])
def test_what_may_pass_is_no_refusal(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe, status: int
) -> None:
    asked: list[str] = []

    def later(request: Request) -> tuple[int, dict[str, str], bytes]:
        asked.append(request.id)
        return (status if len(asked) <= 4 else 200), {}, b""

    post.stores.settings.webhook_retry_scale = 1e-7
    endpoint, _ = subscribe(receive(later), "message.counter")
    played(stores, *counters(1, 1))
    post.run(until=lambda: len(asked) == 5)
    assert stores.deliveries.get(asked[0], endpoint.id).status is DeliveryStatus.DELIVERED


def test_refusals_hold_a_jobs_end_up_for_a_quarter_of_an_hour_at_most() -> None:
    assert not is_refusal(410) and not is_refusal(None) and not is_refusal(302)
    waits = [delay_after_refusal(tries, 0) for tries in (1, 2, 3)]
    assert waits == [5, 25, None]
    # what is old already waits no more: hundreds of refused events take the time of their requests
    assert [delay_after_refusal(tries, HURRY_S) for tries in (1, 2, 3)] == [0, 0, None]
    assert HURRY_S + sum(filter(None, waits)) < 900


def test_a_redirect_is_a_failure_and_not_followed(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    target = receive()
    receiver = receive(lambda _: (302, {"Location": target.url}, b""))
    endpoint, _ = subscribe(receiver)
    played(stores)
    post.run(until=lambda: len(receiver.got) >= 2)
    assert target.got == [] and len(receiver.got) >= 2
    delivery = stores.deliveries.get(receiver.got[0].id, endpoint.id)
    assert delivery.status is DeliveryStatus.PENDING and delivery.attempts[0].status == 302


def test_gone_disables_and_what_waits_goes_on_when_enabled(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    gone, witness = receive(lambda _: (410, {}, b"")), receive()
    endpoint, _ = subscribe(gone, "message.counter")
    subscribe(witness, DISABLED)
    played(stores, *counters(1, 3))
    post.run(until=lambda: bool(witness.got))
    assert len(gone.got) == 1
    disabled = stores.endpoints.get(endpoint.id)
    assert not disabled.enabled and disabled.disabledAt and "410" in str(disabled.disabledReason)
    (event,) = (request.event for request in witness.got)
    assert event["type"] == DISABLED and event["data"]["id"] == endpoint.id
    played(stores, *counters(1, 1))
    post.run(2)
    assert len(gone.got) == 1
    gone.answer = lambda _: (200, {}, b"")
    stores.endpoints.change(disabled, enabled=True)
    stores.delivery_schedule.resume(endpoint.id)
    post.deliver(until=lambda: len(gone.got) == 5)
    assert [request.event["data"]["id"] for request in gone.got] == [
        "1-1", "1-1", "2-1", "3-1", "1-1"
    ]  # fmt: skip


def test_both_secrets_sign_for_a_day(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    endpoint, old = subscribe(receiver)
    fresh, _ = stores.endpoints.rotate(endpoint.id)
    played(stores)
    post.run()
    (request,) = receiver.got
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, fresh):
        assert Webhook(secret).verify(request.body, request.headers)
    later = type(stores.endpoints)(stores.redis, lambda: time.time() + 86_401)
    assert later.for_session(endpoint.id)[1] == [fresh]


def test_a_jobs_own_webhook(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    from worker.contract.webhooks import JobWebhook

    receiver = receive()
    name = stores.endpoints.name_of_url("acme", receiver.url)
    for made in ([name], []):
        assert stores.endpoints.admit("acme", {name: receiver.url}, None) == made
    endpoint = stores.endpoints.get(name)
    assert endpoint.adhoc
    stores.endpoints._redis.hset(
        keys.hook(endpoint.id),
        "record",
        stores.redis.hget(keys.hook(endpoint.id), "record").replace(
            endpoint.createdAt.encode(), b"2020-01-01T00:00:00.000Z"
        ),
    )
    own = JobWebhook(endpoint=endpoint.id, events=("job.queued", "message.counter"))
    played(stores, *counters(1, 1), webhook=own)
    played(stores, *counters(1, 1))
    post.run()
    assert receiver.types == ["job.queued", "message.counter"]


def test_references_in_the_making_are_nobodys_news(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    from worker.contract.jobs import JobInput

    receiver = receive()
    subscribe(receiver, *JOB_EVENTS)
    hidden = {"input": JobInput(referenceId="ref_1"), "options": JobOptions(firehose="none")}
    played(stores, **hidden)
    post.run(2)
    assert receiver.got == []
    partitions = keys.partitions(stores.settings.firehose_partitions)
    assert sum(stores.redis.xlen(name) for name in partitions) == 0


def test_a_quiet_jobs_messages_arrive_while_it_runs(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    """`firehose: none` rings no bell for a message; the job is looked at again and again."""
    receiver = receive()
    subscribe(receiver, "message.counter")
    play = Play(stores, options=JobOptions(firehose="none")).start()
    post.hear()
    play.say(*counters(1, 2))
    assert not post.consumer.listen(block_ms=1)
    post.deliver(until=lambda: len(receiver.got) == 2)
    assert receiver.types == ["message.counter"] * 2


def test_per_frame_messages_come_in_groups(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    _, secret = subscribe(receiver, "message.progression", "message.counter", "job.succeeded")
    play = Play(stores, options=JobOptions(firehose="all")).start()
    for n in range(0, 90, 3):
        play.say(progress(n + 1), progress(n + 2), counters(n + 3, n + 3)[0])
        post.hear()
    play.end()
    post.run(60, until=lambda: "job.succeeded" in receiver.types)
    events = receiver.verified(secret)
    groups = [event["data"] for event in events if event["type"] == "message.progression"]
    ids = [message["id"] for group in groups for message in group["messages"]]
    assert ids == [f"{n}-1" for n in range(1, 91) if n % 3]
    assert len(groups) < 30
    assert events[-1]["type"] == "job.succeeded"
