"""Fetches the inputs of a job: its file, the poses of another job, a reference movement."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from worker.contract.errors import ErrorCode, JobError, unknown_reference
from worker.contract.jobs import Job
from worker.contract.pose_log import END
from worker.contract.reference_poses import ReferencePoses, decode_reference
from worker.jobs.download import check_type, fetch_url
from worker.jobs.leased_job import LeasedJob
from worker.lifecycle.archive import read_poses
from worker.media.sandbox.limits import MediaLimits
from worker.net.addresses import Unreachable
from worker.observability.metrics import STAGE_SECONDS, timed
from worker.pipeline.reference import LIMITS
from worker.storage.errors import Conflict, NotFound
from worker.storage.stores import Stores

_PAGE = 128
"""Log entries copied at once: half a megabyte at 30 frames per second."""


class JobContext(Protocol):
    """A job being worked on; `check` raises where the work must stop."""

    @property
    def stores(self) -> Stores: ...

    @property
    def job(self) -> Job: ...

    def check(self) -> None: ...


def fetched_input(leased: JobContext, scratch: Path) -> Path:
    """Fetches the job's input to a file in `scratch` and returns its path.

    Raises JobError where it cannot be fetched, and what `check` raises.
    """
    with timed(STAGE_SECONDS, "fetch"):
        return _fetched(leased, scratch / "input")


def _fetched(leased: JobContext, path: Path) -> Path:
    given, settings = leased.job.input, leased.stores.settings
    if given.key is not None:
        try:
            leased.stores.objects.download(given.key, path, given.tag)
        except NotFound as error:
            raise _unloadable(leased, "The upload is not there.") from error
        except Conflict as error:
            text = "The upload was replaced after the job was created."
            raise _unloadable(leased, text) from error
    elif given.url is not None:
        most = int(settings.limits(leased.job.plan).most("uploadBytes", settings.max_upload_bytes))
        if given.url.startswith("s3://"):
            _fetch_object(leased, given.url, path, most)
        else:
            private = settings.allow_private_urls
            source = leased.job.source
            fetch_url(given.url, path, source, most, allow_private=private, check=leased.check)
    else:
        raise _unloadable(leased, "The job has no input.")
    return path


def limits_of(stores: Stores, job: Job) -> MediaLimits:
    """Returns the limits of the job's media: the lower of plan and settings."""
    settings = stores.settings
    plan = settings.limits(job.plan)
    longest = LIMITS.max_duration_s if job.input.referenceId is not None else math.inf
    return MediaLimits(
        max_bytes=int(plan.most("uploadBytes", settings.max_upload_bytes)),
        max_duration_s=min(plan.most("mediaSeconds", settings.max_duration_s), longest),
        max_pixels=int(plan.most("pixels", settings.max_pixels)),
        max_frames=int(plan.most("frames", settings.max_frames)),
    )


def _fetch_object(leased: JobContext, url: str, path: Path, most: int) -> None:
    """Fetches an object from an allowed bucket; raises JobError."""
    parts = urlsplit(url)
    bucket, key = parts.netloc, parts.path.removeprefix("/")
    if bucket not in leased.stores.settings.input_buckets:
        raise _unloadable(leased, f"The bucket '{bucket}' is not read from.")
    objects = leased.stores.objects
    try:
        size, content_type = objects.head(key, bucket)
        check_type(content_type)
        if size > most:
            raise JobError(ErrorCode.MEDIA_TOO_LARGE, f"The file is larger than {most} bytes.")
        with path.open("wb") as file:
            for block in objects.stream(key, bucket=bucket):
                file.write(block)
                leased.check()
    except NotFound as error:
        raise _unloadable(leased, f"There is no {url} that may be read.") from error
    except Unreachable as error:
        raise _unloadable(leased, f"The file cannot be fetched: {error}") from error


def copy_poses(leased: LeasedJob, recorded: list[bytes]) -> list[bytes]:
    """Copies the other job's pose log, from where `recorded` ends, and returns it whole.

    With a copy of its own, the job does not depend on the other one. Raises JobError where that
    log is gone or incomplete, Fenced where the lease is lost.
    """
    log_of = read_poses(leased.stores, leased.job.tenant, leased.job.input.posesOf or "")
    if not log_of or log_of[-1] != END:
        raise _unloadable(leased, "The poses to analyse are not there any more.")
    place = len(recorded)
    while place < len(log_of):
        page = log_of[place : place + _PAGE]
        leased.commit([], {}, place, page)
        place += len(page)
    return log_of


def named_reference(leased: LeasedJob) -> ReferencePoses | None:
    """Returns the poses of the reference that the options name; None without one.

    They are copied to the job's files, so that a retry does not depend on the reference. Raises
    JobError `reference_not_found`.
    """
    name, objects = leased.job.options.reference, leased.stores.objects
    if name is None or leased.job.source == "image":
        return None
    copy = f"{leased.prefix}reference.bin"
    with contextlib.suppress(NotFound):
        return decode_reference(objects.get(copy))
    try:
        poses = leased.stores.references.poses(name, leased.job.tenant)
    except NotFound as error:
        raise unknown_reference(name) from error
    objects.put(copy, poses, "application/octet-stream")
    return decode_reference(poses)


def _unloadable(leased: JobContext, text: str) -> JobError:
    image = leased.job.source == "image"
    code = ErrorCode.IMAGE_LOAD_ERROR if image else ErrorCode.VIDEO_LOAD_ERROR
    return JobError(code, text)
