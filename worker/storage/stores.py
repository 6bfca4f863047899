"""All stores of a process."""

from __future__ import annotations

from collections.abc import Callable

from worker.settings import Settings
from worker.storage import keys
from worker.storage.batches.records import BatchStore
from worker.storage.clock import RedisClock
from worker.storage.connection import connect
from worker.storage.jobs.leases import LeaseStore
from worker.storage.jobs.records import JobStore
from worker.storage.jobs.segments import SegmentStore
from worker.storage.jobs.streams import PoseLog, StreamStore
from worker.storage.objects.references import ReferenceStore
from worker.storage.objects.retention import RetentionStore
from worker.storage.objects.s3 import ObjectStore
from worker.storage.objects.uploads import UploadStore
from worker.storage.queue.fair_queue import FairQueue
from worker.storage.queue.workers import WorkerStore
from worker.storage.store import DueSet
from worker.storage.tenants.api_keys import KeyStore
from worker.storage.tenants.idempotency import IdempotencyStore
from worker.storage.tenants.quotas import QuotaStore
from worker.storage.tenants.usage import UsageStore
from worker.storage.webhooks.deliveries import DeliveryStore
from worker.storage.webhooks.endpoints import EndpointStore
from worker.storage.webhooks.ordered_queues import OrderedQueueStore
from worker.storage.webhooks.schedule import DeliverySchedule


class Stores:
    """All stores of a process, on one Redis client and one S3 bucket; `clock` is Redis' time.

    They connect at the first use, which raises if a server is missing.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = redis = connect(settings.redis_url.get_secret_value(), settings.redis_ca_certs)
        # one clock for all: stores compare each other's times
        self.clock: Callable[[], float] = RedisClock(redis)
        clock, partitions = self.clock, settings.firehose_partitions
        lease_s, lost = settings.lease_ttl_s, settings.max_lost
        self.objects = ObjectStore(settings)
        self.jobs = JobStore(redis, clock, partitions)
        self.leases = LeaseStore(redis, lease_s, lost, clock, partitions=partitions)
        self.streams = StreamStore(redis)
        self.poses = PoseLog(redis)
        self.segments = SegmentStore(redis, lease_s, lost)
        self.uploads = UploadStore(
            redis, self.objects, settings.upload_url_ttl_s, settings.record_ttl_s, clock
        )
        self.references = ReferenceStore(redis, self.objects, clock)
        self.keys = KeyStore(redis, clock)
        self.workers = WorkerStore(redis, clock)
        self.fair_queue = FairQueue(redis, clock)
        self.usage = UsageStore(redis, clock)
        self.batches = BatchStore(redis, partitions, settings.record_s, clock)
        self.erased = DueSet(redis, keys.ERASED, clock)
        self.retention = RetentionStore(redis, clock)
        self.quotas = QuotaStore(redis, self.fair_queue, self.usage, clock)
        self.idempotency = IdempotencyStore(redis, settings.idempotency_ttl_s, clock)
        self.endpoints = EndpointStore(redis, clock)
        self.ordered_queues = OrderedQueueStore(redis, settings.record_ttl_s)
        self.delivery_schedule = DeliverySchedule(
            redis, self.ordered_queues, clock, settings.webhook_timeout_s + 5
        )
        self.deliveries = DeliveryStore(redis, clock)
