"""Reads the state of the whole system for a scrape: queues, jobs, workers, streams."""

from __future__ import annotations

import json
from collections import Counter

from worker.contract.workers import FAULTS
from worker.observability import metrics as m
from worker.queueing.celery_app import KEY_PREFIX, QUEUES
from worker.storage import keys
from worker.storage.jobs.firehose_trimming import GROUP, groups_of, stream_lag
from worker.storage.queue.fair_queue import QUEUES as FAIR_QUEUES
from worker.storage.stores import Stores

State = dict[m.MetricSpec, dict[tuple[str, ...], float]]
"""Values by metric and labels."""


def collect_system_state(stores: Stores) -> State:
    """Returns the current state; raises redis.RedisError if Redis does not answer."""
    alive = stores.workers.alive()
    kinds = Counter(worker.kind for worker in alive)
    lags = _lags(stores)
    state: State = {
        m.JOBS: {
            ("queued",): stores.fair_queue.total(),
            ("running",): stores.redis.zcard(keys.RUNNING),
        },
        m.WORKERS: {(kind,): kinds[kind] for kind in ("cpu", "gpu")},
        m.WORKERS_RESTING: {(fault,): sum(one.fault == fault for one in alive) for fault in FAULTS},
        m.WORKER_SLOTS: {
            (queue,): sum(one.slots for one in alive if queue in one.queues) for queue in QUEUES
        },
        m.QUEUE_DEPTH: {},
        m.QUEUE_AGE: {},
        m.STREAM_LAG: {(group,): lag for group, lag in lags.items()},
        m.WEBHOOK_LAG: {(): lags.get(GROUP, 0)},
        m.WEBHOOK_DUE: {(): _webhook_due_s(stores)},
        m.FIREHOSE_CUT: {(): sum(map(int, stores.redis.hvals(keys.FIREHOSE_CUT)))},
    }
    for queue in QUEUES:
        fair = queue in FAIR_QUEUES
        if queue == "webhooks":
            depth, age = _webhooks_due(stores)
        else:
            depth, age = stores.fair_queue.backlog(queue) if fair else _tasks(stores, queue)
        state[m.QUEUE_DEPTH][queue,], state[m.QUEUE_AGE][queue,] = depth, age
    return state


def _tasks(stores: Stores, queue: str) -> tuple[int, float]:
    """Returns the number of tasks in a Celery queue, and the age of the oldest in seconds."""
    with stores.redis.pipeline(transaction=False) as pipe:
        pipe.llen(KEY_PREFIX + queue)
        pipe.lindex(KEY_PREFIX + queue, -1)  # kombu pushes left and pops right
        count, oldest = pipe.execute()
    return count, 0.0 if oldest is None else max(0.0, _since_sent(stores, oldest))


def _since_sent(stores: Stores, task: bytes) -> float:
    """Returns the seconds since a task was sent; 0 if it has no such header."""
    now = stores.clock()
    return now - float(json.loads(task)["headers"].get("sent", now))


def _webhooks_due(stores: Stores) -> tuple[int, float]:
    """Returns the number of endpoints with due deliveries, and the longest delay in seconds."""
    return stores.redis.zcount(keys.HOOKS_DUE, "-inf", stores.clock()), _webhook_due_s(stores)


def _webhook_due_s(stores: Stores) -> float:
    """Returns the seconds for which the first endpoint has been due; near 0 if workers are free."""
    first = stores.redis.zrange(keys.HOOKS_DUE, 0, 0, withscores=True)
    return max(0.0, stores.clock() - first[0][1]) if first else 0.0


def _lags(stores: Stores) -> dict[str, int]:
    """Returns the number of unacknowledged firehose entries of each consumer group."""
    partitions = stores.settings.firehose_partitions
    groups = groups_of(stores.redis, partitions)
    return {group: stream_lag(stores.redis, partitions, group) for group in groups}
