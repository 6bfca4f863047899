"""Ordered queues: the deliveries to one endpoint about one subject (job, batch or endpoint).

One script puts deliveries into queues and moves the dispatch cursor of their subject together,
unless the cursor has moved meanwhile. So dispatching twice or concurrently is harmless. The queues
contain entry ids, not messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from worker.contract.webhooks import KEEP_S, DeliveryItem
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.store import Store, load_script

Dispatched = Literal["done", "overtaken", "gone"]
_LANE = "lane:"


@dataclass(frozen=True)
class DispatchCursor:
    """How far the events of a subject are dispatched.

    `cursor` and `frames` are entry ids: events and per-frame messages after them are not dispatched
    yet. `grouped` is the unix time of the last group; `dispatched_events` are the events of the
    job's life (queued, started, ended) that were dispatched.
    """

    version: int = 0
    cursor: str = "0-0"
    frames: str = "0-0"
    grouped: float = 0.0
    dispatched_events: frozenset[str] = frozenset()

    @property
    def ended(self) -> bool:
        """Whether the final event was dispatched."""
        return "ended" in self.dispatched_events


class OrderedQueueStore(Store):
    """Stores the ordered queues; `schedule.py` stores when each is attempted."""

    def __init__(self, client: Client, ttl_s: int) -> None:
        super().__init__(client)
        self._ttl_s = ttl_s

    def progress(self, subject: str) -> DispatchCursor:
        """Returns the dispatch cursor of a subject."""
        cursor, frames, grouped, said, version = self._redis.hmget(
            keys.dispatched(subject), "cursor", "frames", "grouped", "said", "version"
        )
        return DispatchCursor(
            version=int(version or 0),
            cursor=text(cursor or b"0-0"),
            frames=text(frames or b"0-0"),
            grouped=float(grouped or 0),
            dispatched_events=frozenset(filter(None, text(said or b"").split(","))),
        )

    def dispatch(
        self,
        subject: str,
        progress: DispatchCursor,
        items: Sequence[tuple[str, DeliveryItem]],
        *,
        of_job: bool,
    ) -> Dispatched:
        """Appends (endpoint, item) pairs to their queues and stores the cursor `progress`.

        Returns `done`; `overtaken` if the cursor's version has changed since it was read; `gone` if
        the subject is a job (`of_job`) that was erased. Nothing is written in the latter cases.
        """
        endpoints = list(dict.fromkeys(endpoint for endpoint, _ in items))
        fields: dict[str, str | float] = {
            "cursor": progress.cursor,
            "frames": progress.frames,
            "grouped": progress.grouped,
            "said": ",".join(sorted(progress.dispatched_events)),
            **{_LANE + endpoint: "1" for endpoint in endpoints},
        }
        arguments: list[str | bytes | int | float] = [
            progress.version, int(of_job), self._ttl_s, len(fields)
        ]  # fmt: skip
        for name, value in fields.items():
            arguments += (name, value)
        for endpoint, item in items:
            arguments += (endpoints.index(endpoint) + 1, item.id, msgspec.json.encode(item))
        reply = self._run(
            "webhooks/dispatch",
            [
                keys.job(subject),
                keys.dispatched(subject),
                keys.sent(subject),
                *(keys.ordered_queue(subject, endpoint) for endpoint in endpoints),
            ],
            args=arguments,
        )
        return "done" if reply == 1 else "gone" if reply == -1 else "overtaken"

    def append(self, endpoint: str, items: Iterable[DeliveryItem]) -> None:
        """Appends items to their queues: test events, notices and replays."""
        with self._redis.pipeline(transaction=False) as pipe:
            for item in items:
                lane = keys.ordered_queue(item.subject, endpoint)
                pipe.hset(keys.dispatched(item.subject), _LANE + endpoint, "1")
                pipe.expire(keys.dispatched(item.subject), self._ttl_s)
                pipe.sadd(keys.sent(item.subject), item.id)
                pipe.expire(keys.sent(item.subject), self._ttl_s)
                pipe.rpush(lane, msgspec.json.encode(item))
                pipe.expire(lane, max(self._ttl_s, KEEP_S))
            pipe.execute()

    def waiting(self, subject: str) -> list[str]:
        """Returns the endpoints with queued deliveries about the subject."""
        return [name for name in self.endpoints(subject) if self.length(subject, name)]

    def length(self, subject: str, endpoint: str) -> int:
        """Returns the number of deliveries in a queue."""
        return int(self._redis.llen(keys.ordered_queue(subject, endpoint)))

    def heads(self, subject: str, endpoint: str, most: int) -> list[bytes]:
        """Returns the first `most` deliveries of a queue, as JSON."""
        items: list[bytes] = self._redis.lrange(keys.ordered_queue(subject, endpoint), 0, most - 1)
        return items

    def pop(
        self, subject: str, endpoint: str, item: bytes, record: Callable[[Any], object] | None
    ) -> bytes | None:
        """Removes `item` from the head of its queue, if it is there; returns the new head.

        `record` is called with the pipeline first, to save the delivery in the same round trip.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            if record is not None:
                record(pipe)
            # EVAL, as a registered script would need another round trip to check that it is loaded
            pipe.eval(load_script("webhooks/pop"), 1, keys.ordered_queue(subject, endpoint), item)
            following: bytes | None = pipe.execute()[-1]
            return following

    def drop(self, subject: str, endpoint: str) -> None:
        """Deletes a queue."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(keys.ordered_queue(subject, endpoint))
            pipe.hdel(keys.dispatched(subject), _LANE + endpoint)
            pipe.execute()

    def grouped(self, subject: str, endpoint: str) -> float:
        """Returns the unix time of the endpoint's last group of the job's messages; 0 for none."""
        return float(self._redis.hget(keys.dispatched(subject), "sent:" + endpoint) or 0)

    def note_group(self, subject: str, endpoint: str, now: float) -> None:
        """Records that a group is sent to the endpoint now."""
        self._redis.hset(keys.dispatched(subject), "sent:" + endpoint, now)

    def endpoints(self, subject: str) -> list[str]:
        """Returns the endpoints that have, or had, deliveries about the subject."""
        fields = map(text, self._redis.hkeys(keys.dispatched(subject)))
        return [name[len(_LANE) :] for name in fields if name.startswith(_LANE)]

    def erase(self, subject: str) -> list[str]:
        """Deletes the queues and the cursor of a subject; returns the ids of its deliveries."""
        lanes = [keys.ordered_queue(subject, endpoint) for endpoint in self.endpoints(subject)]
        sent = [text(name) for name in self._redis.smembers(keys.sent(subject))]
        self._redis.delete(keys.dispatched(subject), keys.sent(subject), *lanes)
        return sent
