"""All stores of a process, opened once."""

from __future__ import annotations

from dataclasses import dataclass

from worker.settings import Settings
from worker.store.apikeys import KeyStore
from worker.store.batches import BatchStore
from worker.store.clock import RedisClock
from worker.store.connection import Client, connect
from worker.store.deliveries import DeliveryStore
from worker.store.endpoints import EndpointStore
from worker.store.idempotency import IdempotencyStore
from worker.store.jobs import JobStore
from worker.store.lanes import LaneStore
from worker.store.leases import LeaseStore
from worker.store.objects import ObjectStore
from worker.store.parts import PartStore
from worker.store.quotas import QuotaStore
from worker.store.references import ReferenceStore
from worker.store.retention import RetentionStore
from worker.store.streams import PoseLog, StreamStore
from worker.store.turns import TurnStore
from worker.store.uploads import UploadStore
from worker.store.usage import UsageStore
from worker.store.waiting import WaitingStore
from worker.store.workers import WorkerStore


@dataclass(frozen=True)
class Stores:
    """Redis and S3 as the rest of the house sees them."""

    settings: Settings
    redis: Client
    objects: ObjectStore
    jobs: JobStore
    leases: LeaseStore
    streams: StreamStore
    poses: PoseLog
    parts: PartStore
    uploads: UploadStore
    references: ReferenceStore
    keys: KeyStore
    workers: WorkerStore
    waiting: WaitingStore
    usage: UsageStore
    batches: BatchStore
    retention: RetentionStore
    quotas: QuotaStore
    idempotency: IdempotencyStore
    endpoints: EndpointStore
    lanes: LaneStore
    turns: TurnStore
    deliveries: DeliveryStore


def open_stores(settings: Settings) -> Stores:
    """Opens them; nothing is sent yet, so a missing server shows at the first use."""
    client = connect(settings.redis_url.get_secret_value(), settings.redis_ca_certs)
    objects = ObjectStore(settings)
    clock = RedisClock(client)  # one for all: what one store writes another compares with
    waiting, usage = WaitingStore(client, clock), UsageStore(client, clock)
    uploads = UploadStore(client, objects, settings.upload_url_ttl_s, settings.record_ttl_s, clock)
    partitions = settings.firehose_partitions
    lanes = LaneStore(client, settings.record_ttl_s)
    return Stores(
        settings=settings,
        redis=client,
        objects=objects,
        jobs=JobStore(client, clock),
        leases=LeaseStore(client, settings.lease_ttl_s, settings.max_lost, clock),
        streams=StreamStore(client, partitions),
        poses=PoseLog(client),
        parts=PartStore(client, settings.lease_ttl_s, settings.max_lost),
        uploads=uploads,
        references=ReferenceStore(client, objects, clock),
        keys=KeyStore(client, clock),
        workers=WorkerStore(client, clock),
        waiting=waiting,
        usage=usage,
        batches=BatchStore(client, partitions, settings.record_s, clock),
        retention=RetentionStore(client, clock),
        quotas=QuotaStore(client, waiting, usage, clock),
        idempotency=IdempotencyStore(client, settings.idempotency_ttl_s),
        endpoints=EndpointStore(client, clock),
        lanes=lanes,
        turns=TurnStore(client, lanes, clock, settings.webhook_timeout_s + 5),
        deliveries=DeliveryStore(client, clock),
    )
