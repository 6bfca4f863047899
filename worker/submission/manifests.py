"""Manifests: JSON lines in the object store, one job per line, read in resumable steps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from worker.contract.batches import MAX_LINE_BYTES, BatchError, BatchRecord
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import Job
from worker.contract.scopes import ScopeMissing
from worker.storage.errors import Conflict, LimitExceeded, NotFound, StoreUnavailable
from worker.storage.stores import Stores
from worker.storage.tenants.api_keys import Tenant
from worker.submission.jobs import admit_webhooks, build_job, read_options
from worker.submission.schemas.jobs import NewJob
from worker.submission.schemas.validation_errors import refusal_of

log = structlog.get_logger()


class Line(NamedTuple):
    """A line's text (None where it is too long) and the byte offset of the next line."""

    text: bytes | None
    end: int


def split_lines(blocks: Iterable[bytes], start: int = 0) -> Iterator[Line]:
    """Splits blocks that begin at byte `start` into lines; overlong lines are not buffered."""
    buffered, dropped, at = b"", False, start
    for block in blocks:
        first, *rest = (buffered + block).split(b"\n")
        for following in rest:
            at += len(first) + 1
            yield Line(None if dropped or len(first) > MAX_LINE_BYTES else first, at)
            first, dropped = following, False
        if len(first) > MAX_LINE_BYTES:
            at, first, dropped = at + len(first), b"", True
        buffered = first
    if buffered or dropped:
        yield Line(None if dropped else buffered, at + len(buffered))


def job_id_of(batch_id: str, line: int) -> str:
    """Returns the id of a line's job, which is equal each time that the line is read."""
    return "job_" + hashlib.sha256(f"{batch_id}:{line}".encode()).hexdigest()[:24]


def job_of_line(
    stores: Stores, record: BatchRecord, line: int, text: bytes | None
) -> Job | BatchError:
    """Returns the job that a line (number from 1) asks for, or what is wrong with it.

    Raises only errors of the system, after which the line is to be read again.
    """
    tenant = Tenant(keyId="", tenant=record.tenant, plan=record.plan, scopes=record.scopes)
    try:
        job = job_of_request(stores, tenant, _decoded(text))
        if job.source == "video":
            stores.quotas.check_minutes(tenant.tenant, stores.settings.limits(record.plan))
        admit_webhooks(stores, tenant, [job])
    except WRONG as error:
        return msgspec.structs.replace(wrong_of(error), line=line)
    except _MACHINE:
        raise  # not the line's fault: it is read again
    except Exception:
        log.exception("manifest_line_broken", batch=record.id, line=line)
        said = "The line cannot be taken for a reason of ours."
        return BatchError(code=ErrorCode.INTERNAL.value, detail=said, line=line)
    return msgspec.structs.replace(job, id=job_id_of(record.id, line), batchId=record.id)


def job_of_request(stores: Stores, tenant: Tenant, asked: Any) -> Job:
    """Builds the record of a job from a body of `POST /jobs`; raises one of WRONG."""
    body = NewJob.model_validate(asked)
    return build_job(stores, tenant, body, read_options(body.options, tenant))


WRONG = (ValidationError, JobError, NotFound, Conflict, LimitExceeded, ScopeMissing)
"""Errors with which a job can be refused."""
_MACHINE = (StoreUnavailable, RedisError, OSError, MemoryError)


def wrong_of(error: Exception) -> BatchError:
    """Converts one of WRONG to an entry in the errors of a batch."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return wrong_of(refusal_of(dict(first), first["loc"], "job"))
    if isinstance(error, JobError):
        named = (error.details or {}).get("parameter")
        parameter = None if named is None else str(named)
        return BatchError(code=error.code.value, detail=error.message, parameter=parameter)
    if isinstance(error, LimitExceeded):
        return BatchError(code=error.code, detail=str(error))
    if isinstance(error, ScopeMissing):
        return BatchError(code="insufficient_scope", detail=str(error), parameter="webhook")
    code = "not_found" if isinstance(error, NotFound) else "conflict"
    return BatchError(code=code, detail=str(error), parameter="input")


def _decoded(text: bytes | None) -> Any:
    if text is None:
        most = f"a line of at most {MAX_LINE_BYTES} bytes"
        raise JobError(ErrorCode.INVALID_PARAMETER, f"The line is too long: {most}.")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise JobError(ErrorCode.INVALID_PARAMETER, "The line is not JSON.") from error
