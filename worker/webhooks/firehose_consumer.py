"""The webhook consumer group on the firehose: each entry says that its job has new events.

An entry is acknowledged only when its events are in the ordered queues, so no crash loses any:
another process claims what was not acknowledged. It is tried at most TRIES times, since an entry
that cannot be handled must not block the rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import redis.exceptions
import structlog

from worker.contract.webhooks import BATCH_COMPLETED
from worker.storage import keys
from worker.storage.connection import text
from worker.storage.jobs.firehose_trimming import GROUP
from worker.storage.stores import Stores
from worker.storage.webhooks.schedule import AGAIN_S
from worker.webhooks.dispatcher import Dispatcher

log = structlog.get_logger()

IDLE_MS = 6_000
"""Milliseconds after which an unacknowledged entry may be claimed by another consumer."""
TRIES = 125
POLL_S = 0.2
GATHER_S = 0.03
"""Seconds that entries which follow each other faster are gathered: one look at a job then takes
all of its new events. An entry that comes alone is handled at once."""
_COUNT = 200
_MOST = 500
_BLOCK_MS = 1000
_STALE_MS = 86_400_000

Entry = tuple[str, bytes, dict[bytes, bytes]]
"""Partition, id in it, fields."""


class FirehoseConsumer:
    """Reads the firehose as consumer `name` of the webhook group.

    `send` is called with each endpoint that has deliveries due and was claimed by this process;
    `room` returns how many more endpoints it can take now.
    """

    def __init__(
        self,
        stores: Stores,
        name: str,
        send: Callable[[str], None],
        clock: Callable[[], float] | None = None,
        room: Callable[[], int] = lambda: _MOST,
    ) -> None:
        self._stores = stores
        self._name = name
        self._send = send
        self._room = room
        self._clock = clock or stores.clock
        self._partitions = keys.partitions(stores.settings.firehose_partitions)

    def prepare(self) -> None:
        """Creates missing consumer groups; from then on no unread entry is trimmed."""
        for partition in self._partitions:
            try:
                self._stores.redis.xgroup_create(partition, GROUP, id="0", mkstream=True)
            except redis.exceptions.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
            self._forget_dead(partition)

    def listen(self, block_ms: int = _BLOCK_MS) -> int:
        """Waits up to `block_ms` milliseconds for new entries and handles them.

        Returns their number.
        """
        streams = dict.fromkeys(self._partitions, ">")
        try:
            answer = self._stores.redis.xreadgroup(
                GROUP, self._name, streams, count=_COUNT, block=block_ms
            )
        except redis.exceptions.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self.prepare()  # Redis was restarted without its data
            return 0
        pairs = answer.items() if isinstance(answer, dict) else answer or ()
        return self._handle(
            (text(partition), entry_id, fields)
            for partition, found in pairs
            for entry_id, fields in _flat(found)
        )

    def claim(self, idle_ms: int = IDLE_MS) -> int:
        """Handles entries read by any consumer and not acknowledged for `idle_ms` milliseconds.

        Returns their number.
        """
        return sum(self._claim(partition, idle_ms) for partition in self._partitions)

    def poll(self) -> None:
        """Polls jobs whose events reach no firehose entry, and claims endpoints that are due."""
        dispatcher = Dispatcher(self._stores, self._clock)
        for job_id in self._stores.delivery_schedule.watched.take_all(AGAIN_S, _MOST):
            self._safely(dispatcher.advance, job_id)
        room = self._room()
        due = self._stores.delivery_schedule.due_endpoints
        for endpoint in due.take_all(AGAIN_S, room) if room > 0 else ():
            self._send(endpoint)

    def _claim(self, partition: str, idle_ms: int) -> int:
        client = self._stores.redis
        pending = client.xpending_range(partition, GROUP, "-", "+", _COUNT, idle=idle_ms)
        poison = [row["message_id"] for row in pending if row["times_delivered"] > TRIES]
        if poison:
            log.error("firehose_entries_given_up", partition=partition, entries=len(poison))
            client.xack(partition, GROUP, *poison)
        ids = [row["message_id"] for row in pending if row["times_delivered"] <= TRIES]
        if not ids:
            return 0
        found = client.xclaim(partition, GROUP, self._name, idle_ms, ids)
        return self._handle((partition, entry_id, fields) for entry_id, fields in found if fields)

    def _handle(self, entries: Iterable[Entry]) -> int:
        dispatcher = Dispatcher(self._stores, self._clock)
        by_job: dict[bytes, list[Entry]] = {}
        for entry in entries:
            by_job.setdefault(entry[2].get(b"job", b""), []).append(entry)
        handled: dict[str, list[bytes]] = {}
        for job_id, group in by_job.items():
            if self._safely(self._read_batch, dispatcher, text(job_id), group):
                for partition, entry_id, _ in group:
                    handled.setdefault(partition, []).append(entry_id)
        for partition, ids in handled.items():
            self._stores.redis.xack(partition, GROUP, *ids)
        due = self._stores.delivery_schedule.due_endpoints
        for endpoint in dispatcher.due_endpoints:
            if self._room() > 0 and due.take(endpoint, AGAIN_S):
                self._send(endpoint)
        return sum(map(len, by_job.values()))

    def _read_batch(self, dispatcher: Dispatcher, job_id: str, group: list[Entry]) -> None:
        fields = group[-1][2]
        tenant = text(fields.get(b"tenant", b""))
        if not dispatcher.concerns(tenant, [text(one.get(b"type", b"")) for _, _, one in group]):
            return
        if fields.get(b"type") == BATCH_COMPLETED.encode():
            data: dict[str, Any] = msgspec.json.decode(fields[b"data"])
            dispatcher.batch_completed(tenant, job_id, data)
        else:
            dispatcher.advance(job_id)

    def _safely(self, act: Callable[..., None], *arguments: Any) -> bool:
        """Calls `act` and returns whether it succeeded: a failing job must not block the others."""
        try:
            act(*arguments)
        except Exception as error:
            log.warning("webhook_dispatch_failed", error=repr(error))
            return False
        return True

    def _forget_dead(self, partition: str) -> None:
        for consumer in self._stores.redis.xinfo_consumers(partition, GROUP):
            if not consumer["pending"] and consumer["idle"] > _STALE_MS:
                self._stores.redis.xgroup_delconsumer(partition, GROUP, consumer["name"])


def _flat(found: Any) -> Iterable[tuple[bytes, dict[bytes, bytes]]]:
    """Yields the entries of one stream: RESP2 answers with a list, RESP3 with a list of lists."""
    for row in found:
        if isinstance(row, list) and row and isinstance(row[0], (list, tuple)):
            yield from row
        else:
            yield row


class FirehoseThreads:
    """Two threads of a worker process, one that reads the firehose and one that polls.

    Both continue after any error.
    """

    def __init__(self, consumer: FirehoseConsumer, stopping: threading.Event) -> None:
        self._consumer = consumer
        self._stopping = stopping
        self._claimed = 0.0
        self._last_entry = 0.0

    def start(self) -> None:
        """Starts the threads; they end soon after `stopping` is set."""
        for name, act in (("firehose", self._listen), ("poll", self._poll)):
            threading.Thread(target=self._repeat, args=(act,), name=name, daemon=True).start()

    def _listen(self) -> None:
        if time.monotonic() - self._claimed > IDLE_MS / 3000:
            self._consumer.prepare()
            self._consumer.claim()
            self._claimed = time.monotonic()
        if time.monotonic() - self._last_entry < GATHER_S:
            self._stopping.wait(GATHER_S)
        if self._consumer.listen():
            self._last_entry = time.monotonic()

    def _poll(self) -> None:
        self._consumer.poll()
        self._stopping.wait(POLL_S)

    def _repeat(self, act: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                act()
            except Exception as error:  # e.g. Redis unreachable; the next round tries again
                log.warning("webhook_thread_failed", error=repr(error))
                self._stopping.wait(1.0)
