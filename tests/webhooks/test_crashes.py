"""Whatever dies, no event is lost; duplicates bear the same id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.storage.factories import counters
from tests.webhooks.conftest import Post, Receiver, Subscribe
from tests.webhooks.fakes import Play, played
from worker.contract.webhooks import JOB_EVENTS
from worker.storage import keys
from worker.storage.jobs.firehose_trimming import GROUP, stream_lag
from worker.storage.stores import Stores
from worker.webhooks import firehose_consumer as bells_module
from worker.webhooks.dispatcher import Dispatcher
from worker.webhooks.firehose_consumer import TRIES, FirehoseConsumer

Receive = Callable[..., Receiver]
EVENTS = (*JOB_EVENTS, "message.counter")


def waiting(stores: Stores, endpoint: str) -> list[bytes]:
    """Everything in the endpoint's lanes."""
    return [
        item
        for subject in stores.delivery_schedule.queues(endpoint)
        for item in stores.redis.lrange(keys.ordered_queue(subject, endpoint), 0, -1)
    ]


def test_dispatching_twice_changes_nothing(
    stores: Stores, receive: Receive, subscribe: Subscribe
) -> None:
    endpoint, _ = subscribe(receive(), *EVENTS)
    job_id = played(stores, *counters(1, 3))
    Dispatcher(stores).advance(job_id)
    once = waiting(stores, endpoint.id)
    assert len(once) == 6
    Dispatcher(stores).advance(job_id)
    assert waiting(stores, endpoint.id) == once


def test_two_dispatchers_at_once(
    stores: Stores, receive: Receive, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reads the same progress, is overtaken, and starts over."""
    endpoint, _ = subscribe(receive(), *EVENTS)
    job_id = played(stores, *counters(1, 3))
    rival, put = Dispatcher(stores), stores.ordered_queues.dispatch
    overtaken = []

    def late(*given: object, **more: object) -> str:
        if not overtaken:
            overtaken.append(True)
            rival.advance(job_id)
        return put(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(stores.ordered_queues, "dispatch", late)
    Dispatcher(stores).advance(job_id)
    assert overtaken and len(waiting(stores, endpoint.id)) == 6


def test_death_between_the_queues_and_their_schedule(
    stores: Stores, receive: Receive, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lanes are filled but nobody was told; the entry is not acknowledged and comes again."""
    receiver = receive()
    subscribe(receiver)
    job_id = played(stores)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stores.delivery_schedule, "mark_due", die)
        with pytest.raises(KeyboardInterrupt):
            Dispatcher(stores).advance(job_id)
    assert not stores.redis.exists(keys.HOOKS_DUE)
    Dispatcher(stores).advance(job_id)
    assert stores.redis.zcard(keys.HOOKS_DUE) == 1


def test_what_a_dead_listener_read_is_claimed(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    subscribe(receiver)
    played(stores)
    dead = dict.fromkeys(keys.partitions(stores.settings.firehose_partitions), ">")
    stores.redis.xreadgroup(GROUP, "dead", dead)
    post.hear()
    assert not post.told and stream_lag(stores.redis, stores.settings.firehose_partitions) == 4
    assert post.consumer.claim(idle_ms=0) == 4
    assert stream_lag(stores.redis, stores.settings.firehose_partitions) == 0
    post.deliver()
    assert receiver.types == ["job.succeeded"]


def test_an_entry_is_acknowledged_only_once_it_is_dispatched(
    stores: Stores,
    post: Post,
    receive: Receive,
    subscribe: Subscribe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = receive()
    subscribe(receiver)
    broken, healthy = played(stores), played(stores)
    advance = Dispatcher.advance

    def choke(self: Dispatcher, job_id: str) -> None:
        if job_id == broken:
            raise RuntimeError("a record that nobody can read")
        advance(self, job_id)

    partitions = stores.settings.firehose_partitions
    with monkeypatch.context() as patch:
        patch.setattr(Dispatcher, "advance", choke)
        post.run()
        assert [request.event["data"]["id"] for request in receiver.got] == [healthy]
        assert stream_lag(stores.redis, partitions) == 4
    post.consumer.claim(idle_ms=0)
    post.deliver()
    assert [request.event["data"]["id"] for request in receiver.got] == [healthy, broken]


def test_an_entry_that_can_never_be_handled_is_given_up(
    stores: Stores, post: Post, subscribe: Subscribe, receive: Receive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    subscribe(receive())
    played(stores)

    def choke(*_: object) -> None:
        raise RuntimeError("never")

    monkeypatch.setattr(Dispatcher, "advance", choke)
    monkeypatch.setattr(bells_module, "TRIES", 2)
    assert TRIES > 2
    post.hear()
    for _ in range(3):
        post.consumer.claim(idle_ms=0)
    assert stream_lag(stores.redis, stores.settings.firehose_partitions) == 0


def test_the_queue_of_a_dead_delivery_worker_is_due_again(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver = receive()
    endpoint, _ = subscribe(receiver)
    job_id = played(stores)
    post.hear()
    assert (
        stores.delivery_schedule.claim_due_queue(endpoint.id) == job_id
        and stores.delivery_schedule.claim_due_queue(endpoint.id) is None
    )
    later = type(stores.delivery_schedule)(
        stores.redis, stores.ordered_queues, lambda: time.time() + 31
    )
    assert later.claim_due_queue(endpoint.id) == job_id


def test_sent_but_not_noted_comes_again_under_the_same_id(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    receiver = receive()
    endpoint, secret = subscribe(receiver)
    job_id = played(stores)
    post.hear()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stores.deliveries, "save", die)
        with pytest.raises(KeyboardInterrupt):
            post.delivery_worker.deliver(endpoint.id)
    stores.delivery_schedule.reschedule(endpoint.id, job_id, 0)  # its lease runs out
    post.delivery_worker.deliver(endpoint.id)
    assert len(receiver.verified(secret)) == 2 and len({r.id for r in receiver.got}) == 1


def test_a_group_that_is_gone_is_made_anew(stores: Stores, post: Post) -> None:
    stores.redis.flushall()
    assert post.consumer.listen(block_ms=1) == 0
    played(stores)
    assert post.consumer.listen(block_ms=1) == 4


@pytest.fixture
def start(stores: Stores, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts webhook workers as processes."""
    started: list[subprocess.Popen[bytes]] = []

    def run() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "worker.cli", "worker", "--queues", "webhooks"]
        with (tmp_path / f"{len(started)}.log").open("wb") as log:
            env = {**os.environ, "POSEQUEUE_WEBHOOK_TIMEOUT_S": "2"}
            started.append(
                subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)
            )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_that_is_killed_in_the_middle(
    stores: Stores,
    receive: Receive,
    subscribe: Subscribe,
    start: Callable[[], subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    receiver = receive()
    receiver.answer = lambda _: (time.sleep(0.005) or 200, {}, b"")  # type: ignore[func-returns-value]
    _, secret = subscribe(receiver, *EVENTS)
    first = start()
    jobs = [played(stores, *counters(1, 20)) for _ in range(10)]
    wanted = {(job, "job.queued", "") for job in jobs} | {(job, "job.started", "") for job in jobs}
    wanted |= {(job, "job.succeeded", "") for job in jobs}
    wanted |= {(job, "message.counter", f"{n}-1") for job in jobs for n in range(1, 21)}

    def heard() -> set[tuple[str, str, str]]:
        found = set()
        for request in list(receiver.got):
            data = request.event["data"]
            named = (data.get("jobId", data["id"]), request.event["type"])
            found.add((*named, data["id"] if "jobId" in data else ""))
        return found

    def wait_for(ready: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, f"{len(heard())} of {len(wanted)}"
            time.sleep(0.05)

    wait_for(lambda: len(receiver.got) > 60, 60)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert heard() < wanted
    start()
    wait_for(lambda: heard() == wanted, 90)
    receiver.verified(secret)
    for job in jobs:
        seen = [r.event["data"]["id"] for r in receiver.got if r.event["data"].get("jobId") == job]
        assert list(dict.fromkeys(seen)) == [f"{n}-1" for n in range(1, 21)]
    assert len({r.id for r in receiver.got}) == len(wanted)
    logs = [log.read_text() for log in tmp_path.glob("*.log")]
    assert len(logs) == 2 and not any(secret in log or "whsec_" in log for log in logs)


def test_a_bell_of_an_erased_job_is_nothing(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    from worker.lifecycle.deletion import erase_job

    receiver = receive()
    endpoint, _ = subscribe(receiver, *EVENTS)
    kept, erased = played(stores, *counters(1, 2)), Play(stores).start().say(*counters(1, 2))
    post.hear()
    post.deliver()
    played_out = erased.say(*counters(3, 4))
    post.hear()
    assert erased.id in stores.delivery_schedule.queues(endpoint.id)
    erase_job(stores, played_out.job)
    assert erased.id not in stores.delivery_schedule.queues(endpoint.id)
    count = len(receiver.got)
    post.run()
    assert len(receiver.got) == count
    left = [key.decode() for key in stores.redis.keys("*") if erased.id in key.decode()]
    assert left == []
    assert list(stores.delivery_schedule.queues(endpoint.id)) == []
    listed = stores.deliveries.page(endpoint.id, None, 100)
    assert {row[2].item.subject for row in listed if row[2]} == {kept}
    assert FirehoseConsumer(stores, "x", post.told.append).claim(0) == 0
