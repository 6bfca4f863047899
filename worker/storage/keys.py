"""Every Redis key, once.

    pq:{<job>}:job         hash    record (JSON), cancel, lost, fired, metered, idem, spent, turn,
                                   faults
    pq:{<job>}:fence       string  counts claims; its value at a claim is the fencing token
    pq:{<job>}:lease       string  the token of the worker that runs the job; expires when silent
    pq:{<job>}:poses       list    pose log: head, then one entry a chunk
    pq:{<job>}:parts       hash    segments of a long video: who estimates which, their chunks
    pq:{<job>}:messages    stream  the job's messages; ids are their place in the run
    pq:firehose:<n>        stream  messages of all jobs of a partition
    pq:running             zset    running jobs by the unix time at which their lease runs out
    pq:{<batch>}:batch     hash    record (JSON), counts by state (n:…), how far it is expanded
    pq:{<batch>}:states    hash    state of each of its jobs
    pq:{<batch>}:jobs      zset    its jobs by their number in it
    pq:{<batch>}:todo      list    records of jobs that are accepted and not made yet
    pq:{<batch>}:errors    list    the first wrong lines of its manifest (JSON)
    pq:{<batch>}:hold      string  who expands it
    pq:batches             zset    batches not told of as complete, by the time of the next look
    pq:tenant:{<t>}:batches zset   a tenant's batches by the time of creation
    pq:retention           zset    uploads, exports and jobs (JSON) by the unix time they go at
    pq:erased:entries      zset    erased jobs (JSON) with entries on the firehose, by unix time
    pq:deadlines           zset    jobs by the unix time of their deadline
    pq:{wait}:queued       zset    queued jobs on no list (being taken, handed on) by unix time
    pq:{wait}:<q>:jobs:<t> zset    a tenant's jobs that wait for queue <q>, first to run first
    pq:{wait}:<q>:ranks    zset    tenants with waiting jobs by the virtual time of their next start
    pq:{wait}:<q>:finish   zset    tenants by the virtual time at which their last job ends
    pq:{wait}:<q>:clock    string  virtual time of the queue
    pq:{wait}:limits       hash    jobs that each tenant may have running
    pq:{wait}:pace         hash    seconds that a job takes, by queue and by queue and tenant
    pq:{wait}:running:<t>  zset    a tenant's running jobs by the unix time of their start
    pq:{wait}:busy         set     tenants that have, or had just now, running jobs
    pq:{wait}:indexed      string  there as long as the keys of the queue have not been lost
    pq:rebuilding          string  there while a worker rebuilds them; expires
    pq:closed              zset    finished jobs not yet archived, by the unix time of the end
    pq:tenant:{<t>}:jobs   zset    a tenant's jobs by the time of creation
    pq:tenant:{<t>}:usage  hash    <month>:jobs, :mediaMs and :computeMs
    pq:tenant:{<t>}:metered zset   jobs counted lately (hashed) by unix time
    pq:tenant:{<t>}:rate   string  unix time at which the bucket of requests is empty again
    pq:tenant:{<t>}:idem:<k> hash  an Idempotency-Key: digest of the request, answer
    pq:upload:<id>         hash    an upload: tenant, key, size, type, multipart id
    pq:upload:<id>:jobs    set     jobs that read it and are not over; `erase`: it goes after them
    pq:uploads:late        zset    erased uploads (JSON) by the time when no URL takes them any more
    pq:uploads:cursor      string  where the search for uploads that nobody knows goes on; expires
    pq:uploads:searched    string  there while it has gone on only just now
    pq:tenant:{<t>}:stored hash    bytes of each upload that is announced or there; '' = of all
    pq:reference:<id>      hash    a reference movement: record (JSON), durationMs, status, error
    pq:tenant:{<t>}:references zset a tenant's references by the time of creation
    pq:key:<sha256>        string  an API key, or a page token: its record (JSON)
    pq:key:<id>:tokens     zset    sha256 of the page tokens made with a key by the unix time of
                                   their end
    pq:refused:<address>   string  unix time at which an address's bucket of bad keys is empty again
    pq:keys                set     sha256 of every API key
    pq:erased              zset    jobs erased lately (JSON: tenant, job, upload) by unix time
    pq:hook:{<e>}          hash    a webhook endpoint: record (JSON), its secrets (JSON)
    pq:hook:{<e>}:health   hash    since when it fails, until when it rests, whether it is slow
    pq:hook:{<e>}:lanes    zset    subjects with deliveries by the unix time of the next attempt
    pq:hook:{<e>}:slots    zset    who delivers to it now, by the unix time of expiry
    pq:hook:{<e>}:deliveries zset  its deliveries by unix time
    pq:hooks:due           zset    endpoints by the unix time at which one of their lanes is due
    pq:hooks:watched       zset    jobs to look at again, by unix time
    pq:{<subject>}:hooks   hash    how far a job (a batch, an endpoint) is dispatched; its lanes
    pq:{<subject>}:lane:<e> list   deliveries (JSON) about it that endpoint <e> is to get, in order
    pq:{<subject>}:sent    set     ids of the deliveries about it
    pq:delivery:<id>       string  the record of a delivery (JSON)
    pq:tenant:{<t>}:hooks  zset    a tenant's endpoints by the time of creation
    pq:tenant:{<t>}:adhoc  zset    those that jobs made, by the unix time of their end
    pq:tenant:{<t>}:subscribed set those of them that have events of their own
    pq:firehose:cut        hash    entries cut unread from each partition
    pq:firehose:trimmed    string  there while it was trimmed only just now
    pq:writable            string  written by readiness checks: whether Redis takes writes
    pq:workers             hash    heartbeat of every worker: kind, queues, unix time (JSON)

A transition of a job changes its record, its lease and the lists in one script, so all keys are on
one server: Redis Cluster is not supported. Nothing but the two kinds of streams is read from
outside.
"""

from __future__ import annotations

import zlib

RUNNING = "pq:running"
WAIT = "pq:{wait}"
QUEUED = "pq:{wait}:queued"
INDEXED = "pq:{wait}:indexed"
REBUILDING = "pq:rebuilding"
DEADLINES = "pq:deadlines"
BATCHES = "pq:batches"
RETENTION = "pq:retention"
ERASED_ENTRIES = "pq:erased:entries"
CLOSED = "pq:closed"
KEYS = "pq:keys"
WORKERS = "pq:workers"
WRITABLE = "pq:writable"
ERASED = "pq:erased"
UPLOADS_LATE = "pq:uploads:late"
UPLOADS_CURSOR = "pq:uploads:cursor"
UPLOADS_SEARCHED = "pq:uploads:searched"
HOOKS_DUE = "pq:hooks:due"
HOOKS_WATCHED = "pq:hooks:watched"
FIREHOSE_CUT = "pq:firehose:cut"
TRIMMED = "pq:firehose:trimmed"


def job(job_id: str) -> str:
    """Hash of a job's record."""
    return f"pq:{{{job_id}}}:job"


def fence(job_id: str) -> str:
    """Counter of a job's claims."""
    return f"pq:{{{job_id}}}:fence"


def lease(job_id: str) -> str:
    """Token of the worker that runs a job."""
    return f"pq:{{{job_id}}}:lease"


def poses(job_id: str) -> str:
    """Pose log of a job."""
    return f"pq:{{{job_id}}}:poses"


def parts(job_id: str) -> str:
    """Segments of a job that several workers estimate."""
    return f"pq:{{{job_id}}}:parts"


def messages(job_id: str) -> str:
    """Message stream of a job."""
    return f"pq:{{{job_id}}}:messages"


def of_job(job_id: str) -> tuple[str, ...]:
    """All keys of a job."""
    return (
        job(job_id),
        fence(job_id),
        lease(job_id),
        poses(job_id),
        parts(job_id),
        messages(job_id),
    )


def firehose(job_id: str, partitions: int) -> str:
    """The firehose partition that a job's messages go to."""
    return f"pq:firehose:{zlib.crc32(job_id.encode()) % partitions}"


def tenant_jobs(tenant: str) -> str:
    """Jobs of a tenant."""
    return f"pq:tenant:{{{tenant}}}:jobs"


def tenant_usage(tenant: str) -> str:
    """Usage of a tenant."""
    return f"pq:tenant:{{{tenant}}}:usage"


def tenant_metered(tenant: str) -> str:
    """Jobs of a tenant that were counted lately."""
    return f"pq:tenant:{{{tenant}}}:metered"


def rate(tenant: str) -> str:
    """A tenant's bucket of requests."""
    return f"pq:tenant:{{{tenant}}}:rate"


def idempotency(tenant: str, key: str) -> str:
    """A tenant's Idempotency-Key."""
    return f"pq:tenant:{{{tenant}}}:idem:{key}"


def upload(upload_id: str) -> str:
    """An upload."""
    return f"pq:upload:{upload_id}"


def upload_jobs(upload_id: str) -> str:
    """Jobs that read an upload."""
    return f"pq:upload:{upload_id}:jobs"


def tenant_stored(tenant: str) -> str:
    """Bytes of a tenant's uploads."""
    return f"pq:tenant:{{{tenant}}}:stored"


def reference(reference_id: str) -> str:
    """A reference movement."""
    return f"pq:reference:{reference_id}"


def tenant_references(tenant: str) -> str:
    """Reference movements of a tenant."""
    return f"pq:tenant:{{{tenant}}}:references"


def api_key(digest: str) -> str:
    """An API key by its SHA-256."""
    return f"pq:key:{digest}"


def page_tokens(key_id: str) -> str:
    """Page tokens made with a key."""
    return f"pq:key:{key_id}:tokens"


def refused(address: str) -> str:
    """A network address's bucket of requests with bad keys."""
    return f"pq:refused:{address}"


def partitions(count: int) -> list[str]:
    """All partitions of the firehose."""
    return [f"pq:firehose:{number}" for number in range(count)]


def hook(endpoint: str) -> str:
    """A webhook endpoint."""
    return f"pq:hook:{{{endpoint}}}"


def hook_health(endpoint: str) -> str:
    """How an endpoint has answered lately."""
    return f"pq:hook:{{{endpoint}}}:health"


def hook_lanes(endpoint: str) -> str:
    """An endpoint's lanes by their next attempt."""
    return f"pq:hook:{{{endpoint}}}:lanes"


def hook_slots(endpoint: str) -> str:
    """Who delivers to an endpoint now."""
    return f"pq:hook:{{{endpoint}}}:slots"


def hook_deliveries(endpoint: str) -> str:
    """An endpoint's deliveries."""
    return f"pq:hook:{{{endpoint}}}:deliveries"


def dispatched(subject: str) -> str:
    """How far a job is dispatched to webhooks."""
    return f"pq:{{{subject}}}:hooks"


def lane(subject: str, endpoint: str) -> str:
    """What an endpoint is to get about a job."""
    return f"pq:{{{subject}}}:lane:{endpoint}"


def sent(subject: str) -> str:
    """Ids of the deliveries about a job."""
    return f"pq:{{{subject}}}:sent"


def delivery(delivery_id: str) -> str:
    """The record of a delivery."""
    return f"pq:delivery:{delivery_id}"


def tenant_hooks(tenant: str) -> str:
    """Webhook endpoints of a tenant."""
    return f"pq:tenant:{{{tenant}}}:hooks"


def tenant_subscribed(tenant: str) -> str:
    """Those that have events of their own."""
    return f"pq:tenant:{{{tenant}}}:subscribed"


def tenant_adhoc(tenant: str) -> str:
    """Webhook endpoints that a tenant's jobs made."""
    return f"pq:tenant:{{{tenant}}}:adhoc"


def waiting(queue: str, tenant: str) -> str:
    """A tenant's jobs that wait for a queue."""
    return f"{WAIT}:{queue}:jobs:{tenant}"


def waiting_tenants(queue: str) -> str:
    """Tenants with jobs that wait for a queue."""
    return f"{WAIT}:{queue}:ranks"


def running_of(tenant: str) -> str:
    """A tenant's running jobs."""
    return f"{WAIT}:running:{tenant}"


def batch(batch_id: str) -> str:
    """Hash of a batch."""
    return f"pq:{{{batch_id}}}:batch"


def batch_states(batch_id: str) -> str:
    """States of a batch's jobs."""
    return f"pq:{{{batch_id}}}:states"


def batch_jobs(batch_id: str) -> str:
    """A batch's jobs."""
    return f"pq:{{{batch_id}}}:jobs"


def batch_todo(batch_id: str) -> str:
    """A batch's jobs that are not made yet."""
    return f"pq:{{{batch_id}}}:todo"


def batch_errors(batch_id: str) -> str:
    """Wrong lines of a batch's manifest."""
    return f"pq:{{{batch_id}}}:errors"


def batch_hold(batch_id: str) -> str:
    """Who expands a batch."""
    return f"pq:{{{batch_id}}}:hold"


def of_batch(batch_id: str) -> tuple[str, ...]:
    """All keys of a batch but the lock."""
    return (
        batch(batch_id),
        batch_states(batch_id),
        batch_jobs(batch_id),
        batch_todo(batch_id),
        batch_errors(batch_id),
    )


def tenant_batches(tenant: str) -> str:
    """Batches of a tenant."""
    return f"pq:tenant:{{{tenant}}}:batches"
