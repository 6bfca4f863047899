"""A slow or dead receiver delays nobody else, and is given up in the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.storage.factories import Clock, counters, progress
from tests.webhooks.conftest import Post, Receiver, Subscribe
from tests.webhooks.fakes import Play, played
from worker.contract.webhooks import DISABLED, DeliveryStatus
from worker.settings import Settings
from worker.storage.stores import Stores
from worker.storage.webhooks.endpoints import EndpointStore
from worker.storage.webhooks.schedule import DeliverySchedule
from worker.webhooks import delivery_worker as module
from worker.webhooks.delivery_worker import AT_ONCE, GIVE_UP_S, DeliveryWorker
from worker.webhooks.dispatcher import Dispatcher
from worker.webhooks.sender import Sender, WebhookResponse

Receive = Callable[..., Receiver]


class Told(Sender):
    """Answers as it is told, and sends nothing."""

    def __init__(self, settings: Settings, *answers: WebhookResponse) -> None:
        super().__init__(settings)
        self.answers = list(answers)
        self.sent: list[str] = []

    def send(self, url: str, *_: object, **__: object) -> WebhookResponse:  # type: ignore[override]
        self.sent.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


FAILED = WebhookResponse(0.01, status=500)
TIMED_OUT = WebhookResponse(15.0, error="no complete answer within 15 s")


@pytest.fixture
def clock(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """All of the webhooks' time."""
    stopped = Clock(time.time())
    for store in (stores.endpoints, stores.delivery_schedule, stores.deliveries):
        monkeypatch.setattr(store, "_clock", stopped)
    return stopped


def test_a_dead_receiver_rests_in_proportion_to_what_it_cost(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe
) -> None:
    dead = receive()
    endpoint, _ = subscribe(dead)
    for _ in range(5):
        Dispatcher(stores, clock).advance(played(stores))
    sender = Told(settings, TIMED_OUT)
    delivery_worker = DeliveryWorker(stores, sender, clock=clock)
    assert not delivery_worker.deliver(endpoint.id) and len(sender.sent) == 1
    for _ in range(10):
        clock.now += 5
        delivery_worker.deliver(endpoint.id)
    assert len(sender.sent) == 1  # four times fifteen seconds
    clock.now += 11
    delivery_worker.deliver(endpoint.id)
    assert len(sender.sent) == 2


def test_a_quick_failure_keeps_no_other_job_waiting(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive())
    for _ in range(5):
        Dispatcher(stores, clock).advance(played(stores))
    sender = Told(settings, FAILED)
    DeliveryWorker(stores, sender, clock=clock).deliver(endpoint.id)
    assert len(sender.sent) == 5


def test_one_at_a_time_while_it_fails_and_several_when_it_does_not(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    most, now, lock = [0], [0], threading.Lock()

    def count(_: object) -> tuple[int, dict[str, str], bytes]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return 200, {}, b""

    receiver = receive(count)
    endpoint, _ = subscribe(receiver)
    for failing, expected in ((True, 1), (False, AT_ONCE)):
        for _ in range(16):
            Dispatcher(stores).advance(played(stores))
        if failing:
            stores.endpoints.failed(endpoint.id, 0.0)
        most[0] = 0
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: post.delivery_worker.deliver(endpoint.id), range(8)))
        post.deliver(until=lambda: len(receiver.got) % 16 == 0)
        assert most[0] == expected
    assert len(receiver.got) == 32


def test_bad_receivers_never_hold_all_threads(
    stores: Stores, quick: Settings, receive: Receive, subscribe: Subscribe
) -> None:
    """Four threads, eight receivers that hang, one that is well: it is served at once."""
    hang = threading.Event()

    def hangs(_: object) -> tuple[int, dict[str, str], bytes]:
        hang.wait(60)
        return 200, {}, b""

    bad = [subscribe(receive(hangs))[0] for _ in range(8)]
    good_receiver = receive()
    good, _ = subscribe(good_receiver)
    Dispatcher(stores).advance(played(stores))
    for endpoint in bad:
        stores.endpoints.failed(endpoint.id, 0.0)
    given = quick.model_copy(update={"webhook_timeout_s": 70})
    with Sender(given) as sender, ThreadPoolExecutor(4) as threads:
        delivery_worker = DeliveryWorker(stores, sender, threads=4)
        for endpoint in bad:
            threads.submit(delivery_worker.deliver, endpoint.id)
        threads.submit(delivery_worker.deliver, good.id).result(50)
        assert not hang.is_set() and len(good_receiver.got) == 1
        hang.set()


def test_five_days_of_failures_disable_it_with_a_notice(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    witness = receive()
    endpoint, secret = subscribe(receive())
    told, _ = subscribe(witness, DISABLED)
    stranger, _ = subscribe(witness, DISABLED, tenant="rival")
    delivery_worker = DeliveryWorker(stores, Told(settings, FAILED), clock=clock)
    Dispatcher(stores, clock).advance(played(stores))
    began = clock.now
    while stores.endpoints.get(endpoint.id).enabled:
        assert clock.now - began < GIVE_UP_S + 90_000
        Dispatcher(stores, clock).advance(played(stores))
        clock.now += 6 * 3600
        delivery_worker.deliver(endpoint.id)
    assert GIVE_UP_S <= clock.now - began <= GIVE_UP_S + 6 * 3600
    assert "five days" in str(stores.endpoints.get(endpoint.id).disabledReason)
    assert list(stores.delivery_schedule.queues(told.id)) == [endpoint.id]
    assert list(stores.delivery_schedule.queues(stranger.id)) == []
    logged = "".join(capsys.readouterr())
    assert "webhook_disabled" in logged and secret not in logged
    assert GIVE_UP_S == 5 * 86_400


def test_one_answer_ends_the_count(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive(), "message.counter")
    sender = Told(settings, FAILED)
    delivery_worker = DeliveryWorker(stores, sender, clock=clock)
    Dispatcher(stores, clock).advance(played(stores, *counters(1, 3)))
    delivery_worker.deliver(endpoint.id)
    clock.now += GIVE_UP_S - 10
    sender.answers = [WebhookResponse(0.01, status=200), FAILED]
    delivery_worker.deliver(endpoint.id)
    clock.now += 7200
    delivery_worker.deliver(endpoint.id)
    assert stores.endpoints.get(endpoint.id).enabled
    since = stores.endpoints.failing_since(endpoint.id)
    assert since is not None and since > clock.now - 7201


def test_what_the_receiver_asks_for_is_honoured(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive())
    sender = Told(
        settings,
        WebhookResponse(0.01, status=429, retry_after_s=1000),
        WebhookResponse(0.01, status=200),
    )
    delivery_worker = DeliveryWorker(stores, sender, clock=clock)
    Dispatcher(stores, clock).advance(played(stores))
    delivery_worker.deliver(endpoint.id)
    clock.now += 995
    delivery_worker.deliver(endpoint.id)
    assert len(sender.sent) == 1
    clock.now += 6
    delivery_worker.deliver(endpoint.id)
    assert len(sender.sent) == 2


def test_two_groups_of_a_job_are_half_a_second_apart(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive(), "message.progression", "message.counter")
    play = Play(stores).start().say(progress(1), *counters(2, 2))
    Dispatcher(stores, clock).advance(play.id)
    play.say(progress(3), *counters(4, 4))
    Dispatcher(stores, clock).advance(play.id)  # an event, and a group that is held back
    assert stores.ordered_queues.length(play.id, endpoint.id) == 3
    play.say(progress(5)).end()
    Dispatcher(stores, clock).advance(play.id)
    sender = Told(settings, WebhookResponse(0.01, status=200))
    delivery_worker = DeliveryWorker(stores, sender, clock=clock)
    for seconds, sent in ((0.0, 3), (0.4, 3), (0.2, 4)):
        clock.now += seconds
        delivery_worker.deliver(endpoint.id)
        assert len(sender.sent) == sent
    assert stores.ordered_queues.length(play.id, endpoint.id) == 0


def test_a_job_erased_while_it_waits_is_not_sent(
    stores: Stores, settings: Settings, clock: Clock, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive())
    job_id = played(stores)
    Dispatcher(stores, clock).advance(job_id)
    stores.redis.delete(f"pq:{{{job_id}}}:job")  # and only this, as a late erasure may leave it
    sender = Told(settings, FAILED)
    DeliveryWorker(stores, sender, clock=clock).deliver(endpoint.id)
    assert sender.sent == [] and not stores.ordered_queues.length(job_id, endpoint.id)


def test_a_turn_ends_so_that_the_next_has_one(
    stores: Stores, settings: Settings, receive: Receive, subscribe: Subscribe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "SESSION_SENDS", 3)
    endpoint, _ = subscribe(receive(), "message.counter")
    Dispatcher(stores).advance(played(stores, *counters(1, 5)))
    sender = Told(settings, WebhookResponse(0.01, status=200))
    delivery_worker = DeliveryWorker(stores, sender)
    assert delivery_worker.deliver(endpoint.id) and len(sender.sent) == 3
    assert not delivery_worker.deliver(endpoint.id) and len(sender.sent) == 5


def test_stopping_ends_a_turn_with_everything_still_due(
    stores: Stores, settings: Settings, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive(), "message.counter")
    Dispatcher(stores).advance(played(stores, *counters(1, 5)))
    sender = Told(settings, WebhookResponse(0.01, status=200))
    delivery_worker = DeliveryWorker(stores, sender, stopping=lambda: len(sender.sent) >= 2)
    assert delivery_worker.deliver(endpoint.id) and len(sender.sent) == 2
    first = stores.deliveries.page(endpoint.id, None, 10)
    statuses = [row[2].status for row in first if row[2]]
    assert statuses.count(DeliveryStatus.DELIVERED) == 2


def test_a_deleted_endpoint_leaves_nothing(
    stores: Stores, settings: Settings, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive())
    Dispatcher(stores).advance(played(stores))
    EndpointStore(stores.redis).delete(endpoint)
    DeliveryWorker(stores, Told(settings, FAILED)).deliver(endpoint.id)
    stores.deliveries.purge(endpoint.id)
    assert [k for k in stores.redis.keys("*") if endpoint.id.encode() in k] == []
    assert DeliverySchedule(stores.redis, stores.ordered_queues).due_endpoints.take_all(5) == []
