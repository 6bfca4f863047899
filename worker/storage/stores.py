"""Opens all stores of a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from worker.settings import Settings
from worker.storage.batches.records import BatchStore
from worker.storage.clock import RedisClock
from worker.storage.connection import Client, connect
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
from worker.storage.tenants.api_keys import KeyStore
from worker.storage.tenants.idempotency import IdempotencyStore
from worker.storage.tenants.quotas import QuotaStore
from worker.storage.tenants.usage import UsageStore
from worker.storage.webhooks.deliveries import DeliveryStore
from worker.storage.webhooks.endpoints import EndpointStore
from worker.storage.webhooks.ordered_queues import OrderedQueueStore
from worker.storage.webhooks.schedule import DeliverySchedule


@dataclass(frozen=True)
class Stores:
    """All stores of a process, on one Redis client and one S3 bucket; `clock` is Redis' time."""

    settings: Settings
    redis: Client
    clock: Callable[[], float]
    objects: ObjectStore
    jobs: JobStore
    leases: LeaseStore
    streams: StreamStore
    poses: PoseLog
    segments: SegmentStore
    uploads: UploadStore
    references: ReferenceStore
    keys: KeyStore
    workers: WorkerStore
    fair_queue: FairQueue
    usage: UsageStore
    batches: BatchStore
    retention: RetentionStore
    quotas: QuotaStore
    idempotency: IdempotencyStore
    endpoints: EndpointStore
    ordered_queues: OrderedQueueStore
    delivery_schedule: DeliverySchedule
    deliveries: DeliveryStore


def open_stores(settings: Settings) -> Stores:
    """Opens the stores of `settings`; connects at the first use, which raises if a server is
    missing."""
    client = connect(settings.redis_url.get_secret_value(), settings.redis_ca_certs)
    objects = ObjectStore(settings)
    clock = RedisClock(client)  # one clock for all: stores compare each other's times
    fair_queue, usage = FairQueue(client, clock), UsageStore(client, clock)
    uploads = UploadStore(client, objects, settings.upload_url_ttl_s, settings.record_ttl_s, clock)
    partitions = settings.firehose_partitions
    ordered_queues = OrderedQueueStore(client, settings.record_ttl_s)
    return Stores(
        settings=settings,
        redis=client,
        clock=clock,
        objects=objects,
        jobs=JobStore(client, clock, partitions),
        leases=LeaseStore(
            client, settings.lease_ttl_s, settings.max_lost, clock, partitions=partitions
        ),
        streams=StreamStore(client),
        poses=PoseLog(client),
        segments=SegmentStore(client, settings.lease_ttl_s, settings.max_lost),
        uploads=uploads,
        references=ReferenceStore(client, objects, clock),
        keys=KeyStore(client, clock),
        workers=WorkerStore(client, clock),
        fair_queue=fair_queue,
        usage=usage,
        batches=BatchStore(client, partitions, settings.record_s, clock),
        retention=RetentionStore(client, clock),
        quotas=QuotaStore(client, fair_queue, usage, clock),
        idempotency=IdempotencyStore(client, settings.idempotency_ttl_s, clock),
        endpoints=EndpointStore(client, clock),
        ordered_queues=ordered_queues,
        delivery_schedule=DeliverySchedule(
            client, ordered_queues, clock, settings.webhook_timeout_s + 5
        ),
        deliveries=DeliveryStore(client, clock),
    )
