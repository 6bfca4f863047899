"""The record of a job, its parts and its states."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

from worker.contract.errors import DecodeError
from worker.contract.media import AudioLoss, MediaInfo, Source, WarningCode
from worker.contract.options import JobOptions
from worker.contract.plans import Plan
from worker.contract.webhooks import JobWebhook


class JobStatus(StrEnum):
    """State of a job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        """Whether the state can no longer change."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Stage(StrEnum):
    """The part of a job's work that comes next."""

    ANALYSE = "analyse"
    EXPORT = "export"


Priority = Literal["low", "normal", "high"]
SUPPORTED_JOB_VERSION = 1
"""Newest version of a job that this code can run.

Records are written field by field and unknown fields are ignored, so a new field needs no new
version. A job gets a higher `version` where an older worker would handle it wrongly: when it is
created with a new feature, or in the commit that writes what older workers cannot read.
"""


class JobInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the media is: an object of the store, or a URL to fetch it from.

    `tag` is the entity tag that the upload had when the job was accepted: other bytes, put by a
    presigned URL that is still valid, are not read; None where the store gives none. `posesOf`
    names a job whose poses are analysed again; the media is then needed for pictures only.
    `referenceId` names the reference movement that the job creates; such a job is not listed.
    """

    uploadId: str | None = None
    url: str | None = None
    key: str | None = None
    tag: str | None = None
    filename: str | None = None
    posesOf: str | None = None
    referenceId: str | None = None

    @property
    def reads_upload(self) -> str | None:
        """Id of the upload whose bytes the job reads: its own, or that of the job whose poses it
        uses."""
        if self.uploadId is None and self.key is not None and self.key.startswith("uploads/"):
            return self.key.rpartition("/")[2]
        return self.uploadId


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One finished export in the object store; `audioLoss` says why it lacks the source's sound."""

    kind: str
    key: str
    mimeType: str
    bytes: int
    audioLoss: AudioLoss | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Outcome of an analysis; `seconds` is set for holds."""

    count: int = msgspec.field(default=0)
    seconds: float | None = None
    avgScore: float | None = None
    grade: str | None = None
    personFrames: int = 0
    frames: int = 0


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What is metered for a job: seconds of media and of computation."""

    mediaSeconds: float = 0.0
    computeSeconds: float = 0.0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The stored record of a job; times are ISO 8601 in UTC.

    `progress` is of the analysis, `exportProgress` of the video rendered after it, each 0-1.
    `owner` is the page token that created the job and can see no others; `eraseUpload` deletes the
    upload when the job ends; `version` is the lowest version that a worker must support to run it.
    """

    id: str
    tenant: str
    plan: Plan
    status: JobStatus
    source: Source
    input: JobInput
    options: JobOptions
    createdAt: str
    stage: Stage = Stage.ANALYSE
    queue: str = "pose.cpu"
    priority: Priority = "normal"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    progress: float = 0.0
    exportProgress: float | None = None
    attempt: int = 0
    lost: int = 0
    startedAt: str | None = None
    finishedAt: str | None = None
    deadlineAt: str | None = None
    media: MediaInfo | None = None
    result: Result | None = None
    exports: tuple[Export, ...] = ()
    error: dict[str, Any] | None = None
    warnings: tuple[WarningCode, ...] = ()
    usage: Usage = Usage()
    webhook: JobWebhook | None = None
    batchId: str | None = None
    owner: str | None = None
    eraseUpload: bool = False
    version: int = 1
    trace: str | None = None
    """W3C traceparent of the span in which the job was created; the API never shows it."""

    @property
    def waits_in(self) -> str:
        """Name of the queue of the stage that comes next."""
        return "export" if self.stage is Stage.EXPORT else self.queue


def decode_job(data: bytes) -> Job:
    """Decodes a job record; raises DecodeError."""
    try:
        return msgspec.json.decode(data, type=Job)
    except msgspec.MsgspecError as error:
        raise DecodeError(f"broken job record: {error}") from error
