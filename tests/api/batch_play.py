"""What tests of batches share: an input, closing events, workers."""

from __future__ import annotations

import json
from typing import Any

from tests.api.api_play import Actor
from worker.storage import keys
from worker.storage.stores import Stores

URL = {"input": {"url": "http://media.example/a.mp4"}}


def events(stores: Stores, batch_id: str) -> list[dict[str, Any]]:
    """Closing events of a batch on the firehose."""
    name = keys.firehose(batch_id, stores.settings.firehose_partitions)
    rows = [fields for _, fields in stores.redis.xrange(name)]
    found = [row for row in rows if row[b"job"] == batch_id.encode()]
    assert all((row[b"type"], row[b"id"]) == (b"batch.completed", b"0-0") for row in found)
    return [json.loads(row[b"data"]) for row in found]


def finish_all(stores: Stores, jobs: list[str]) -> None:
    for job_id in jobs:
        Actor(stores, job_id).finish()
