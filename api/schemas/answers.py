"""Answers of the API, as its documentation shows them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from worker.contract.jobs import JobStatus
from worker.contract.media import AudioLoss, WarningCode
from worker.contract.references import ReferenceStatus


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UploadView(_Answer):
    """A new upload: PUT the bytes to `url`, or in pieces of `partBytes` to the URLs of `parts`."""

    id: str
    method: Literal["PUT"]
    url: str | None = None
    headers: dict[str, str] | None = None
    partBytes: int | None = None
    parts: list[dict[str, Any]] | None = None
    expiresAt: str


class MediaView(_Answer):
    """Properties of a job's media."""

    durationMs: float
    width: int
    height: int
    fps: float
    frames: int | None
    codec: str
    rotation: int


class ResultView(_Answer):
    """The totals of a finished job; `seconds` only for timed holds."""

    count: int
    seconds: float | None = None
    avgScore: float | None
    grade: str | None
    personFrames: int
    frames: int


class ExportView(_Answer):
    """An exported file; its URL is signed when the job is read. `audio` is false where it lacks the
    source's sound; `audioLoss` says why."""

    kind: str
    url: str
    mimeType: str
    bytes: int
    expiresAt: str
    audio: bool | None = None
    audioLoss: AudioLoss | None = None


class UsageView(_Answer):
    """Media and compute seconds that a job used."""

    mediaSeconds: float
    computeSeconds: float


class JobView(_Answer):
    """A job."""

    id: str
    status: JobStatus
    progress: float
    exportProgress: float | None = Field(None, description="0-1 of the video to download")
    attempt: int
    queuePosition: int | None = None
    estimatedStartAt: str | None = None
    source: Literal["video", "image"]
    options: dict[str, Any]
    metadata: dict[str, Any]
    batchId: str | None = None
    createdAt: str
    startedAt: str | None = None
    finishedAt: str | None = None
    deadlineAt: str | None = None
    media: MediaView | None = None
    result: ResultView | None = None
    exports: list[ExportView]
    error: dict[str, Any] | None = None
    warnings: list[WarningCode | Literal["queue_without_workers"]] = Field(
        default_factory=list,
        description="what the job lost on its way; `queue_without_workers`: no living worker can "
        "do what is next of it",
    )
    usage: UsageView
    links: dict[str, str]


class JobsView(_Answer):
    """A page of jobs, newest first; `next` is null on the last page."""

    jobs: list[JobView]
    next: str | None


class ReferenceView(_Answer):
    """A reference movement; `durationMs` is the duration of its rep, once it is ready."""

    id: str
    status: ReferenceStatus
    name: str | None = None
    createdAt: str
    durationMs: float | None = None
    error: dict[str, Any] | None = None
    links: dict[str, str]


class ReferencesView(_Answer):
    """A page of references, newest first; `next` is null on the last page."""

    references: list[ReferenceView]
    next: str | None


class MonthView(_Answer):
    """A tenant's usage in one month (UTC)."""

    month: str
    jobs: int
    mediaSeconds: float
    computeSeconds: float


class QuotaView(_Answer):
    """The current month's media minutes; `mediaMinutes` is null for a plan without a limit."""

    mediaMinutes: float | None
    usedMinutes: float
    resetsAt: str


class UsageOfTenant(_Answer):
    """A tenant's usage, newest month first."""

    tenant: str
    months: list[MonthView]
    quota: QuotaView


class ProblemView(_Answer):
    """An error (RFC 9457)."""

    status: int
    title: str
    code: str
    detail: str
    details: dict[str, Any]
