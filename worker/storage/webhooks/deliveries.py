"""Records of webhook deliveries: their attempts, answers and next attempt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from worker.contract.webhooks import KEEP_S, Delivery, DeliveryItem, Endpoint
from worker.storage import keys
from worker.storage.clock import iso
from worker.storage.connection import text
from worker.storage.errors import NotFound
from worker.storage.store import After, Store

_PAGE = 500


class DeliveryStore(Store):
    """Stores deliveries; a record is kept for KEEP_S seconds after its last change."""

    def begin(self, pairs: Iterable[tuple[Endpoint, DeliveryItem]]) -> None:
        """Creates records of queued deliveries; existing ones stay as they are."""
        now = self._clock()
        with self._redis.pipeline(transaction=False) as pipe:
            for endpoint, item in pairs:
                record = msgspec.json.encode(self.fresh(endpoint, item))
                pipe.set(keys.delivery(item.id), record, ex=KEEP_S, nx=True)
                name = keys.hook_deliveries(endpoint.id)
                pipe.zadd(name, {item.id: now}, nx=True)
                pipe.zremrangebyscore(name, "-inf", now - 2 * KEEP_S)  # their records are gone
                pipe.expire(name, 2 * KEEP_S)
            pipe.execute()

    def fresh(self, endpoint: Endpoint, item: DeliveryItem) -> Delivery:
        """Returns the record of a delivery before its first attempt, without storing it."""
        now = iso(self._clock())
        return Delivery(
            id=item.id,
            endpoint=endpoint.id,
            tenant=endpoint.tenant,
            item=item,
            createdAt=now,
            nextAttemptAt=now,
        )

    def get(self, delivery_id: str, endpoint: str) -> Delivery:
        """Returns a record; raises NotFound if it is missing or another endpoint's."""
        (delivery,) = self.many([delivery_id], endpoint)
        if delivery is None:
            raise NotFound(f"no delivery {delivery_id}")
        return delivery

    def many(self, ids: Sequence[str], endpoint: str) -> list[Delivery | None]:
        """Returns the records of deliveries; None where one is missing or another endpoint's."""
        rows = self._load([(name, 0.0) for name in ids])
        return [one if one and one.endpoint == endpoint else None for _, _, one in rows]

    def save(self, delivery: Delivery, pipe: Any = None) -> None:
        """Updates a record unless it was erased meanwhile; on the pipeline `pipe` if given."""
        record = msgspec.json.encode(delivery)
        client = self._redis if pipe is None else pipe
        client.set(keys.delivery(delivery.id), record, ex=KEEP_S, xx=True)

    def page(
        self, endpoint: str, after: After | None, limit: int
    ) -> Sequence[tuple[float, str, Delivery | None]]:
        """Returns up to `limit` rows of an endpoint's deliveries, newest first.

        A row is time, id and record; the record is None where it has expired. `after` is time and
        id of the last row of the page before.
        """
        name = keys.hook_deliveries(endpoint)
        found = list(self._load(self._newest_first(name, after, limit)))
        gone = [delivery_id for _, delivery_id, delivery in found if delivery is None]
        if gone:
            self._redis.zrem(name, *gone)
        return found

    def since(self, endpoint: str, seconds: float) -> Iterator[Delivery]:
        """Yields an endpoint's deliveries since a unix time, oldest first."""
        name = keys.hook_deliveries(endpoint)
        offset = int(self._redis.zcount(name, "-inf", f"({seconds}"))
        while True:
            rows = self._redis.zrange(name, offset, offset + _PAGE - 1, withscores=True)
            for _, _, delivery in self._load(rows):
                if delivery is not None:
                    yield delivery
            if len(rows) < _PAGE:
                return
            offset += len(rows)

    def erase(self, ids: Sequence[str]) -> None:
        """Deletes the records of an erased job."""
        for start in range(0, len(ids), _PAGE):
            batch = ids[start : start + _PAGE]
            for _, delivery_id, delivery in self._load([(name, 0.0) for name in batch]):
                if delivery is not None:
                    self._redis.zrem(keys.hook_deliveries(delivery.endpoint), delivery_id)
            self._redis.delete(*map(keys.delivery, batch))

    def purge(self, endpoint: str) -> None:
        """Deletes all records of an endpoint."""
        name = keys.hook_deliveries(endpoint)
        while batch := self._redis.zrange(name, 0, _PAGE - 1):
            self._redis.delete(*(keys.delivery(text(one)) for one in batch))
            self._redis.zrem(name, *batch)

    def _load(
        self, rows: Sequence[tuple[bytes | str, float]]
    ) -> Iterator[tuple[float, str, Delivery | None]]:
        if not rows:
            return
        data = self._redis.mget([keys.delivery(text(name)) for name, _ in rows])
        for (name, score), record in zip(rows, data, strict=True):
            delivery = msgspec.json.decode(record, type=Delivery) if record else None
            yield float(score), text(name), delivery
