"""All Redis keys.

    pq:{<job>}:job         hash    record (JSON), cancel, lost, held, idem, spent, turn, faults,
                                   modelMissing
    pq:{<job>}:fence       string  the last fencing token, incremented by each claim
    pq:{<job>}:lease       string  token of the worker that runs the job; expires without heartbeats
    pq:{<job>}:poses       list    pose log: head, then one entry per chunk
    pq:{<job>}:parts       hash    segments of a long video: claims and chunks
    pq:{<job>}:messages    stream  the job's messages; ids follow from the position in the run
    pq:firehose:<n>        stream  messages of all jobs of a partition
    pq:running             zset    running jobs by the unix time at which their lease expires
    pq:{<batch>}:batch     hash    record (JSON), counts by state (n:…), progress of the expansion
    pq:{<batch>}:states    hash    state of each of its jobs
    pq:{<batch>}:jobs      zset    its jobs by their number in it
    pq:{<batch>}:todo      list    records of accepted jobs that are not made yet
    pq:{<batch>}:errors    list    the first invalid lines of its manifest (JSON)
    pq:{<batch>}:hold      string  lease of the process that expands it
    pq:batches             zset    batches whose end is not announced, by the time they are due
    pq:tenant:{<t>}:batches zset   a tenant's batches by time of creation
    pq:retention           zset    uploads, exports and jobs (JSON) by the time to erase them
    pq:deadlines           zset    jobs by the unix time of their deadline
    pq:{wait}:queued       zset    queued entries in no queue (popped, in back-off) by unix time
    pq:{wait}:<q>:jobs:<t> zset    a tenant's entries in queue <q>, first to run first
    pq:{wait}:<q>:ranks    zset    tenants with queued jobs by the virtual time of their next start
    pq:{wait}:<q>:finish   zset    tenants by the virtual time at which their last job ends
    pq:{wait}:<q>:clock    string  virtual time of the queue
    pq:{wait}:limits       hash    limit of running jobs of each tenant
    pq:{wait}:pace         hash    average seconds of a job, by queue and by queue and tenant
    pq:{wait}:running:<t>  zset    a tenant's running jobs by the unix time of their start
    pq:{wait}:busy         set     tenants that have, or recently had, running jobs
    pq:{wait}:indexed      string  set once the indexes are complete; lost with them
    pq:rebuilding          string  lock of the worker that rebuilds the indexes; expires
    pq:closed              zset    ended jobs not yet archived, by the unix time they are due
    pq:tenant:{<t>}:jobs   zset    a tenant's jobs by time of creation
    pq:tenant:{<t>}:usage  hash    <month>:jobs, :mediaMs and :computeMs
    pq:tenant:{<t>}:rate   string  unix time at which the bucket of requests is empty
    pq:tenant:{<t>}:idem:<k> hash  an Idempotency-Key: digest of the request, answer
    pq:upload:<id>         string  an upload: tenant, key, size, type, multipart id (JSON)
    pq:upload:<id>:jobs    set     jobs that read it; `erase`: to be erased after the last one
    pq:uploads:late        zset    erased uploads (JSON) by the time their URLs have expired
    pq:uploads:cursor      string  position of the search for objects without a record
    pq:uploads:searched    string  exists for a minute after each page of it, an hour after the last
    pq:tenant:{<t>}:stored hash    bytes of each upload, also unfinished ones; '' = the sum
    pq:reference:<id>      hash    a reference movement: record (JSON), durationMs, status, error
    pq:tenant:{<t>}:references zset a tenant's references by time of creation
    pq:key:<sha256>        string  record of an API key or page token (JSON)
    pq:key:<id>:tokens     zset    sha256 of the page tokens made with a key, by their expiry
    pq:refused:<address>   string  unix time at which an address's bucket of invalid keys is empty
    pq:keys                set     sha256 of all API keys
    pq:erased              zset    erased jobs (JSON) by the time to delete what is left of them
    pq:erased:entries      zset    as pq:erased, by an API of the version before this
    pq:erased:ids          zset    ids of erased jobs by the time at which they may be given again,
                                   and `<id>:uncounted` where its batch had not counted it
    pq:hook:{<e>}          hash    a webhook endpoint: record (JSON), secrets (JSON)
    pq:hook:{<e>}:health   hash    since when it fails, until when it pauses, whether it is slow
    pq:hook:{<e>}:lanes    zset    subjects of its ordered queues by the time of the next attempt
    pq:hook:{<e>}:slots    zset    delivery sessions of it by the unix time of expiry
    pq:hook:{<e>}:deliveries zset  its deliveries by unix time
    pq:hooks:due           zset    endpoints by the unix time at which one of their queues is due
    pq:hooks:watched       zset    jobs to poll for new events, by unix time
    pq:{<subject>}:hooks   hash    dispatch cursor of a job, batch or endpoint; its ordered queues
    pq:{<subject>}:lane:<e> list   ordered queue: deliveries (JSON) about it to endpoint <e>
    pq:{<subject>}:sent    set     ids of the deliveries about it
    pq:delivery:<id>       string  record of a delivery (JSON)
    pq:tenant:{<t>}:hooks  zset    a tenant's endpoints by time of creation
    pq:tenant:{<t>}:adhoc  zset    its endpoints made by jobs, by the unix time of their expiry
    pq:tenant:{<t>}:subscribed set its endpoints with their own events
    pq:firehose:cut        hash    number of entries trimmed unread from each partition
    pq:firehose:trimmed    string  exists for some seconds after each trimming
    pq:writable            string  written by readiness checks, to see whether Redis takes writes
    pq:workers             hash    heartbeat of each worker: kind, queues, unix time (JSON)

A transition of a job changes its record, its lease and the queues in one script, so all keys are
on one server (more load: cells, `tenants/cells.py`). Other programs read nothing but the streams.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

RUNNING = "pq:running"
WAIT = "pq:{wait}"
QUEUED = "pq:{wait}:queued"
INDEXED = "pq:{wait}:indexed"
REBUILDING = "pq:rebuilding"
DEADLINES = "pq:deadlines"
BATCHES = "pq:batches"
RETENTION = "pq:retention"
CLOSED = "pq:closed"
KEYS = "pq:keys"
WORKERS = "pq:workers"
WRITABLE = "pq:writable"
ERASED = "pq:erased"
ERASED_ENTRIES = "pq:erased:entries"
ERASED_IDS = "pq:erased:ids"
UPLOADS_LATE = "pq:uploads:late"
UPLOADS_CURSOR = "pq:uploads:cursor"
UPLOADS_SEARCHED = "pq:uploads:searched"
HOOKS_DUE = "pq:hooks:due"
HOOKS_WATCHED = "pq:hooks:watched"
FIREHOSE_CUT = "pq:firehose:cut"
TRIMMED = "pq:firehose:trimmed"


One = Callable[[str], str]
Two = Callable[[str, str], str]


def _pattern(pattern: str) -> Callable[..., str]:
    """Returns a function of names that fills them into `pattern`."""
    return lambda *names: pattern % names


job: One = _pattern("pq:{%s}:job")
fence: One = _pattern("pq:{%s}:fence")
lease: One = _pattern("pq:{%s}:lease")
poses: One = _pattern("pq:{%s}:poses")
parts: One = _pattern("pq:{%s}:parts")
messages: One = _pattern("pq:{%s}:messages")
tenant_jobs: One = _pattern("pq:tenant:{%s}:jobs")
tenant_usage: One = _pattern("pq:tenant:{%s}:usage")
rate: One = _pattern("pq:tenant:{%s}:rate")
idempotency: Two = _pattern("pq:tenant:{%s}:idem:%s")
upload: One = _pattern("pq:upload:%s")
upload_jobs: One = _pattern("pq:upload:%s:jobs")
tenant_stored: One = _pattern("pq:tenant:{%s}:stored")
reference: One = _pattern("pq:reference:%s")
tenant_references: One = _pattern("pq:tenant:{%s}:references")
api_key: One = _pattern("pq:key:%s")
page_tokens: One = _pattern("pq:key:%s:tokens")
refused: One = _pattern("pq:refused:%s")
hook: One = _pattern("pq:hook:{%s}")
hook_health: One = _pattern("pq:hook:{%s}:health")
ordered_queues: One = _pattern("pq:hook:{%s}:lanes")
hook_slots: One = _pattern("pq:hook:{%s}:slots")
hook_deliveries: One = _pattern("pq:hook:{%s}:deliveries")
dispatched: One = _pattern("pq:{%s}:hooks")
ordered_queue: Two = _pattern("pq:{%s}:lane:%s")
sent: One = _pattern("pq:{%s}:sent")
delivery: One = _pattern("pq:delivery:%s")
tenant_hooks: One = _pattern("pq:tenant:{%s}:hooks")
tenant_subscribed: One = _pattern("pq:tenant:{%s}:subscribed")
tenant_adhoc: One = _pattern("pq:tenant:{%s}:adhoc")
waiting: Two = _pattern("pq:{wait}:%s:jobs:%s")
waiting_tenants: One = _pattern("pq:{wait}:%s:ranks")
running_of: One = _pattern("pq:{wait}:running:%s")
batch: One = _pattern("pq:{%s}:batch")
batch_states: One = _pattern("pq:{%s}:states")
batch_jobs: One = _pattern("pq:{%s}:jobs")
batch_todo: One = _pattern("pq:{%s}:todo")
batch_errors: One = _pattern("pq:{%s}:errors")
batch_hold: One = _pattern("pq:{%s}:hold")
tenant_batches: One = _pattern("pq:tenant:{%s}:batches")


def of_job(job_id: str) -> tuple[str, ...]:
    """All keys of a job."""
    return tuple(key(job_id) for key in (job, fence, lease, poses, parts, messages))


def firehose(job_id: str, partitions: int) -> str:
    """Key of the firehose partition for a job's messages."""
    return f"pq:firehose:{zlib.crc32(job_id.encode()) % partitions}"


def partitions(count: int) -> list[str]:
    """Keys of all partitions of the firehose."""
    return [f"pq:firehose:{number}" for number in range(count)]


def of_batch(batch_id: str) -> tuple[str, ...]:
    """All keys of a batch except the lease of its expansion."""
    parts_of = (batch, batch_states, batch_jobs, batch_todo, batch_errors)
    return tuple(key(batch_id) for key in parts_of)
