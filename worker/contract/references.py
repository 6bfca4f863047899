"""The record of a reference movement; its poses are in `reference_poses`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.errors import DecodeError


class ReferenceStatus(StrEnum):
    """State of a reference; the last two are final."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Reference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stored record of a reference, without its poses.

    `job` is the job that makes it, gone when the status is final; `durationMs` is that of the rep;
    `createdAt` is ISO 8601 in UTC.
    """

    id: str
    tenant: str
    job: str
    createdAt: str
    name: str | None = None
    status: ReferenceStatus = ReferenceStatus.PROCESSING
    durationMs: float | None = None
    error: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        """The name shown in summaries: its own, else the id."""
        return self.name or self.id


def decode_record(data: bytes) -> Reference:
    """Decodes a reference record; raises DecodeError."""
    try:
        return msgspec.json.decode(data, type=Reference)
    except msgspec.MsgspecError as error:
        raise DecodeError(f"broken reference record: {error}") from error
