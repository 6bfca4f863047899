"""The firehose is kept short, but not at the expense of what the webhooks have not read."""

from __future__ import annotations

import time

import pytest

from worker.storage import keys
from worker.storage.jobs.firehose_trimming import (
    GROUP,
    HARD,
    first_unread,
    stream_lag,
    trim_firehose,
    trim_now_and_then,
)
from worker.storage.stores import Stores

NAME = keys.partitions(1)[0]
AGE_S = 86_400.0
NODE = 100
"""Entries that Redis removes together."""


def fill(stores: Stores, count: int) -> None:
    pipe = stores.redis.pipeline(transaction=False)
    for number in range(count):
        pipe.xadd(NAME, {"job": f"job_{number}"})
    pipe.execute()


def length(stores: Stores) -> int:
    return int(stores.redis.xlen(NAME))


def read(stores: Stores, count: int) -> list[bytes]:
    answer = stores.redis.xreadgroup(GROUP, "one", {NAME: ">"}, count=count)
    found = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    rows = found[0] if found and isinstance(found[0], list) else found
    return [entry_id for entry_id, _ in rows]


def test_by_length_where_no_webhook_worker_ever_ran(stores: Stores) -> None:
    fill(stores, 3000)
    assert first_unread(stores.redis, NAME) is None and stream_lag(stores.redis, 1) == 0
    trim_firehose(stores.redis, 1, 500, AGE_S, time.time())
    assert 500 <= length(stores) < 500 + 2 * NODE
    assert stores.redis.xrevrange(NAME, count=1)[0][1] == {b"job": b"job_2999"}


def test_what_the_webhooks_have_not_read_stays(stores: Stores) -> None:
    stores.redis.xgroup_create(NAME, GROUP, id="0", mkstream=True)
    fill(stores, 3000)
    trim_firehose(stores.redis, 1, 500, AGE_S, time.time())
    assert length(stores) == 3000 and stream_lag(stores.redis, 1) == 3000
    unacknowledged = read(stores, 2000)
    trim_firehose(stores.redis, 1, 500, AGE_S, time.time())
    assert length(stores) == 3000 and stream_lag(stores.redis, 1) == 3000
    stores.redis.xack(NAME, GROUP, *unacknowledged[:1000])
    trim_firehose(stores.redis, 1, 500, AGE_S, time.time())
    assert 2000 <= length(stores) < 2000 + 2 * NODE and stream_lag(stores.redis, 1) == 2000
    assert stores.redis.xrange(NAME, unacknowledged[1000], unacknowledged[1000])
    stores.redis.xack(NAME, GROUP, *unacknowledged[1000:])
    stores.redis.xack(NAME, GROUP, *read(stores, 1000))
    trim_firehose(stores.redis, 1, 500, AGE_S, time.time())
    assert 500 <= length(stores) < 500 + 2 * NODE and stream_lag(stores.redis, 1) == 0


def test_by_age_but_not_what_is_unread(stores: Stores) -> None:
    fill(stores, 1000)
    stores.redis.xgroup_create(NAME, GROUP, id="0")
    stores.redis.xack(NAME, GROUP, *read(stores, 600))
    later = time.time() + AGE_S + 60
    trim_firehose(stores.redis, 1, 100_000, AGE_S, time.time())
    assert length(stores) == 1000
    trim_firehose(stores.redis, 1, 100_000, AGE_S, now=later)
    assert 400 <= length(stores) < 400 + 2 * NODE and stream_lag(stores.redis, 1) == 400


def test_the_last_resort_is_counted_and_logged(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    stores.redis.xgroup_create(NAME, GROUP, id="0", mkstream=True)
    fill(stores, HARD * 100 + 500)
    trim_firehose(stores.redis, 1, 100, AGE_S, time.time())
    assert HARD * 100 <= length(stores) < HARD * 100 + 2 * NODE
    lost = int(stores.redis.hget(keys.FIREHOSE_CUT, NAME))
    assert lost == HARD * 100 + 500 - length(stores)
    assert "firehose_cut_unread" in "".join(capsys.readouterr())


def test_one_of_many_workers_trims(stores: Stores) -> None:
    given = stores.settings.model_copy(update={"firehose_length": 10, "firehose_partitions": 1})
    fill(stores, 500)
    trim_now_and_then(stores.redis, given, time.time())
    kept = length(stores)
    assert kept < 500
    fill(stores, 500)
    trim_now_and_then(stores.redis, given, time.time())
    assert length(stores) == kept + 500
