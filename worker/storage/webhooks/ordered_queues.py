"""Lanes: what an endpoint is to get about a subject (a job, a batch, an endpoint), in order.

A job is dispatched in one script: its deliveries are put into lanes and the mark of how far it is
dispatched is moved together, if nobody moved it meanwhile. So dispatching twice, or by two workers
at once, does no harm. Lanes hold entry ids, not messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from worker.contract.webhooks import KEEP_S, DeliveryItem
from worker.storage import keys
from worker.storage.connection import Client, text
from worker.storage.lua_scripts import load_script

Dispatched = Literal["done", "overtaken", "gone"]
_LANE = "lane:"


@dataclass(frozen=True)
class DispatchCursor:
    """How far a subject is dispatched.

    `cursor` and `frames` are entry ids: events and per-frame messages after them are still to come;
    `grouped` is the unix time of the last group; `dispatched_events` are those of the job's life
    (queued, started, ended) that were dispatched.
    """

    version: int = 0
    cursor: str = "0-0"
    frames: str = "0-0"
    grouped: float = 0.0
    dispatched_events: frozenset[str] = frozenset()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return "ended" in self.dispatched_events


class OrderedQueueStore:
    """Contents of ordered queues; `schedule.py` decides when each is attempted."""

    def __init__(self, client: Client, ttl_s: int) -> None:
        self._redis = client
        self._ttl_s = ttl_s
        self._dispatch = client.register_script(load_script(__package__, "dispatch"))

    def progress(self, subject: str) -> DispatchCursor:
        """How far the subject is dispatched."""
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
        """Puts (endpoint, item) pairs into lanes and notes `progress`, of the version read.

        `overtaken`: somebody else did; `gone`: `of_job`, and its record is not there any more.
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
        reply = self._dispatch(
            keys=[
                keys.job(subject),
                keys.dispatched(subject),
                keys.sent(subject),
                *(keys.lane(subject, endpoint) for endpoint in endpoints),
            ],
            args=arguments,
        )
        return "done" if reply == 1 else "gone" if reply == -1 else "overtaken"

    def append(self, endpoint: str, items: Iterable[DeliveryItem]) -> None:
        """Puts items at the ends of their lanes: tests, notices and replays."""
        with self._redis.pipeline(transaction=False) as pipe:
            for item in items:
                lane = keys.lane(item.subject, endpoint)
                pipe.hset(keys.dispatched(item.subject), _LANE + endpoint, "1")
                pipe.expire(keys.dispatched(item.subject), self._ttl_s)
                pipe.sadd(keys.sent(item.subject), item.id)
                pipe.expire(keys.sent(item.subject), self._ttl_s)
                pipe.rpush(lane, msgspec.json.encode(item))
                pipe.expire(lane, max(self._ttl_s, KEEP_S))
            pipe.execute()

    def waiting(self, subject: str) -> list[str]:
        """Endpoints with deliveries about the subject in their lanes."""
        return [name for name in self.endpoints(subject) if self.length(subject, name)]

    def length(self, subject: str, endpoint: str) -> int:
        """Deliveries in a lane."""
        return int(self._redis.llen(keys.lane(subject, endpoint)))

    def heads(self, subject: str, endpoint: str, most: int) -> list[bytes]:
        """The next deliveries of a lane, as JSON."""
        items: list[bytes] = self._redis.lrange(keys.lane(subject, endpoint), 0, most - 1)
        return items

    def pop(
        self, subject: str, endpoint: str, item: bytes, record: Callable[[Any], object] | None
    ) -> bytes | None:
        """Takes the delivery off its lane, unless somebody else did; returns the next one.

        `record` is given a pipeline first, for what is to be noted of the delivery.
        """
        with self._redis.pipeline(transaction=False) as pipe:
            if record is not None:
                record(pipe)
            # by its text, as a registered script asks once more whether the server knows it
            pipe.eval(load_script(__package__, "pop"), 1, keys.lane(subject, endpoint), item)
            following: bytes | None = pipe.execute()[-1]
            return following

    def drop(self, subject: str, endpoint: str) -> None:
        """Empties a lane."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(keys.lane(subject, endpoint))
            pipe.hdel(keys.dispatched(subject), _LANE + endpoint)
            pipe.execute()

    def grouped(self, subject: str, endpoint: str) -> float:
        """Unix time at which the endpoint last had a group of the job's messages; 0 = never."""
        return float(self._redis.hget(keys.dispatched(subject), "sent:" + endpoint) or 0)

    def note_group(self, subject: str, endpoint: str, now: float) -> None:
        """A group is sent now."""
        self._redis.hset(keys.dispatched(subject), "sent:" + endpoint, now)

    def endpoints(self, subject: str) -> list[str]:
        """Endpoints that have, or had, deliveries about the subject."""
        fields = map(text, self._redis.hkeys(keys.dispatched(subject)))
        return [name[len(_LANE) :] for name in fields if name.startswith(_LANE)]

    def erase(self, subject: str) -> list[str]:
        """Deletes everything about a subject; returns the ids of its deliveries."""
        lanes = [keys.lane(subject, endpoint) for endpoint in self.endpoints(subject)]
        sent = [text(name) for name in self._redis.smembers(keys.sent(subject))]
        self._redis.delete(keys.dispatched(subject), keys.sent(subject), *lanes)
        return sent
