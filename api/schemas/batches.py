"""Models of requests and responses about batches."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from api.schemas.strict import Strict
from worker.contract.batches import MAX_JOBS, BatchStatus


class ManifestRef(Strict):
    """A file of JSON lines, one job per line: exactly one of `uploadId` and `url`."""

    uploadId: str | None = Field(None, min_length=1, max_length=100)
    url: str | None = Field(
        None, max_length=4096, description="s3://bucket/key of an allowed bucket"
    )

    @field_validator("url")
    @classmethod
    def _an_object(cls, value: str | None) -> str | None:
        bucket, _, key = (value or "").removeprefix("s3://").partition("/")
        if value is not None and not (value.startswith("s3://") and bucket and key):
            raise ValueError("s3://bucket/key")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> ManifestRef:
        if (self.uploadId is None) == (self.url is None):
            raise ValueError("exactly one of uploadId and url")
        return self


class NewBatch(Strict):
    """A new batch: exactly one of `jobs` and `manifest`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jobs": [
                        {
                            "input": {"uploadId": "upl_0123456789abcdef01234567"},
                            "options": {"exercise": "squat"},
                        }
                    ]
                },
                {"manifest": {"url": "s3://videos/today.jsonl"}},
            ]
        }
    )

    jobs: list[dict[str, Any]] | None = Field(
        None,
        min_length=1,
        max_length=MAX_JOBS,
        description="each as the body of `POST /jobs`",
    )
    manifest: ManifestRef | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> NewBatch:
        if (self.jobs is None) == (self.manifest is None):
            raise ValueError("exactly one of jobs and manifest")
        return self


class BatchesQuery(Strict):
    """Query parameters of a list of batches."""

    cursor: str | None = Field(None, max_length=200, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


class WrongView(BaseModel):
    """An error of one job: `index` in the request (from 0) or `line` of the manifest (from 1)."""

    model_config = ConfigDict(extra="forbid")

    index: int | None = None
    line: int | None = None
    code: str
    detail: str
    parameter: str | None = None


class BatchView(BaseModel):
    """A batch; `lines` of its manifest have been read, `errors` are the first 100."""

    model_config = ConfigDict(extra="forbid")

    id: str
    status: BatchStatus
    createdAt: str
    completedAt: str | None = None
    accepted: int
    rejected: int
    lines: int | None = None
    canceled: bool
    progress: float
    counts: dict[str, int]
    errors: list[WrongView]
    links: dict[str, str]


class BatchesView(BaseModel):
    """A page of batches, newest first; `next` is null on the last page."""

    model_config = ConfigDict(extra="forbid")

    batches: list[BatchView]
    next: str | None
