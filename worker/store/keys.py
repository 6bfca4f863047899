"""Every Redis key, once.

    pq:{<job>}:job         hash    record (JSON), status, stage, cancel, lost, fired
    pq:{<job>}:fence       string  counts claims; its value at a claim is the fencing token
    pq:{<job>}:lease       string  the token of the worker that runs the job; expires when silent
    pq:{<job>}:poses       list    pose log: head, then one entry a chunk
    pq:{<job>}:messages    stream  the job's messages; ids are their place in the run
    pq:firehose:<n>        stream  messages of all jobs of a partition
    pq:running             zset    running jobs by the unix time at which their lease runs out
    pq:queued              zset    queued jobs by the unix time at which they were queued
    pq:closed              zset    finished jobs not yet archived, by the unix time of the end
    pq:tenant:{<t>}:jobs   zset    a tenant's jobs by the time of creation
    pq:tenant:{<t>}:usage  hash    seconds and jobs a month
    pq:tenant:{<t>}:idem:<k> hash  an Idempotency-Key: digest of the request, answer
    pq:upload:<id>         hash    an upload: tenant, key, size, type, multipart id
    pq:reference:<id>      hash    a reference movement: record (JSON), durationMs, status, error
    pq:tenant:{<t>}:references zset a tenant's references by the time of creation
    pq:key:<sha256>        hash    an API key: id, tenant, plan, name, created
    pq:keys                set     sha256 of every API key
    pq:erased              zset    jobs erased lately (JSON: tenant, job, upload) by unix time
    pq:workers             hash    heartbeat of every worker: kind, queues, unix time (JSON)

Keys of one job share a hash tag, so that a cluster keeps them in one slot and a script may touch
them together. Nothing but the two kinds of streams is read from outside.
"""

from __future__ import annotations

import zlib

RUNNING = "pq:running"
QUEUED = "pq:queued"
CLOSED = "pq:closed"
KEYS = "pq:keys"
WORKERS = "pq:workers"
ERASED = "pq:erased"


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


def messages(job_id: str) -> str:
    """Message stream of a job."""
    return f"pq:{{{job_id}}}:messages"


def of_job(job_id: str) -> tuple[str, ...]:
    """All keys of a job."""
    return (job(job_id), fence(job_id), lease(job_id), poses(job_id), messages(job_id))


def firehose(job_id: str, partitions: int) -> str:
    """The firehose partition that a job's messages go to."""
    return f"pq:firehose:{zlib.crc32(job_id.encode()) % partitions}"


def tenant_jobs(tenant: str) -> str:
    """Jobs of a tenant."""
    return f"pq:tenant:{{{tenant}}}:jobs"


def tenant_usage(tenant: str) -> str:
    """Usage of a tenant."""
    return f"pq:tenant:{{{tenant}}}:usage"


def idempotency(tenant: str, key: str) -> str:
    """A tenant's Idempotency-Key."""
    return f"pq:tenant:{{{tenant}}}:idem:{key}"


def upload(upload_id: str) -> str:
    """An upload."""
    return f"pq:upload:{upload_id}"


def reference(reference_id: str) -> str:
    """A reference movement."""
    return f"pq:reference:{reference_id}"


def tenant_references(tenant: str) -> str:
    """Reference movements of a tenant."""
    return f"pq:tenant:{{{tenant}}}:references"


def api_key(digest: str) -> str:
    """An API key by its SHA-256."""
    return f"pq:key:{digest}"
