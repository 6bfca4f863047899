"""Opens all stores of a process."""

from __future__ import annotations

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
    """All stores of a process, on one Redis client and one S3 bucket."""

    settings: Settings
    redis: Client
    objects: ObjectStore
    jobs: JobStore
    leases: LeaseStore
    streams: StreamStore
    poses: PoseLog
    parts: SegmentStore
    uploads: UploadStore
    references: ReferenceStore
    keys: KeyStore
    workers: WorkerStore
    waiting: FairQueue
    usage: UsageStore
    batches: BatchStore
    retention: RetentionStore
    quotas: QuotaStore
    idempotency: IdempotencyStore
    endpoints: EndpointStore
    lanes: OrderedQueueStore
    turns: DeliverySchedule
    deliveries: DeliveryStore


def open_stores(settings: Settings) -> Stores:
    """Opens the stores of `settings`; connects at the first use, which raises if a server is
    missing."""
    client = connect(settings.redis_url.get_secret_value(), settings.redis_ca_certs)
    objects = ObjectStore(settings)
    clock = RedisClock(client)  # one clock for all: stores compare each other's times
    waiting, usage = FairQueue(client, clock), UsageStore(client, clock)
    uploads = UploadStore(client, objects, settings.upload_url_ttl_s, settings.record_ttl_s, clock)
    partitions = settings.firehose_partitions
    lanes = OrderedQueueStore(client, settings.record_ttl_s)
    return Stores(
        settings=settings,
        redis=client,
        objects=objects,
        jobs=JobStore(client, clock),
        leases=LeaseStore(client, settings.lease_ttl_s, settings.max_lost, clock),
        streams=StreamStore(client, partitions),
        poses=PoseLog(client),
        parts=SegmentStore(client, settings.lease_ttl_s, settings.max_lost),
        uploads=uploads,
        references=ReferenceStore(client, objects, clock),
        keys=KeyStore(client, clock),
        workers=WorkerStore(client, clock),
        waiting=waiting,
        usage=usage,
        batches=BatchStore(client, partitions, settings.record_s, clock),
        retention=RetentionStore(client, clock),
        quotas=QuotaStore(client, waiting, usage, clock),
        idempotency=IdempotencyStore(client, settings.idempotency_ttl_s, clock),
        endpoints=EndpointStore(client, clock),
        lanes=lanes,
        turns=DeliverySchedule(client, lanes, clock, settings.webhook_timeout_s + 5),
        deliveries=DeliveryStore(client, clock),
    )
