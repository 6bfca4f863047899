"""The state of the whole system as it is at a scrape: queues, jobs, workers, streams."""

from __future__ import annotations

import json
import time
from collections import Counter

from worker.contract.workers import FAULTS
from worker.observability import metrics as m
from worker.queueing.celery_app import KEY_PREFIX, QUEUES
from worker.storage import keys
from worker.storage.jobs.firehose_trimming import GROUP, groups_of, stream_lag
from worker.storage.queue.fair_queue import QUEUES as FAIR_QUEUES
from worker.storage.stores import Stores

State = dict[m.MetricSpec, dict[tuple[str, ...], float]]
"""Values by measure and labels."""


def collect_system_state(stores: Stores) -> State:
    """The state now; raises redis.RedisError where Redis is silent."""
    alive = stores.workers.alive()
    kinds = Counter(worker.kind for worker in alive)
    lags = _lags(stores)
    state: State = {
        m.JOBS: {
            ("queued",): stores.waiting.total(),
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
            depth, age = stores.waiting.backlog(queue) if fair else _tasks(stores, queue)
        state[m.QUEUE_DEPTH][queue,], state[m.QUEUE_AGE][queue,] = depth, age
    return state


def _tasks(stores: Stores, queue: str) -> tuple[int, float]:
    """Wake-ups in a queue of Celery's, and the age of the oldest."""
    with stores.redis.pipeline(transaction=False) as pipe:
        pipe.llen(KEY_PREFIX + queue)
        pipe.lindex(KEY_PREFIX + queue, -1)  # kombu puts in at the left and takes from the right
        count, oldest = pipe.execute()
    return count, 0.0 if oldest is None else max(0.0, time.time() - _sent(oldest))


def _sent(task: bytes) -> float:
    """When a task was sent; now, where it does not say."""
    return float(json.loads(task)["headers"].get("sent", time.time()))


def _webhooks_due(stores: Stores) -> tuple[int, float]:
    """Endpoints that something is due for, and for how long at most."""
    return stores.redis.zcount(keys.HOOKS_DUE, "-inf", time.time()), _webhook_due_s(stores)


def _webhook_due_s(stores: Stores) -> float:
    """Its turn comes at once where workers are free: what waits longer is theirs to explain."""
    first = stores.redis.zrange(keys.HOOKS_DUE, 0, 0, withscores=True)
    return max(0.0, time.time() - first[0][1]) if first else 0.0


def _lags(stores: Stores) -> dict[str, int]:
    """Entries that each consumer group of the firehose has not acknowledged."""
    partitions = stores.settings.firehose_partitions
    groups = groups_of(stores.redis, partitions)
    return {group: stream_lag(stores.redis, partitions, group) for group in groups}
