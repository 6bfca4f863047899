"""The name under which one segment of a long video waits in the fair queue."""

from __future__ import annotations

_MARK = "+"


def entry_of(job_id: str, segment: int) -> str:
    """What waits in the fair queue for a worker to estimate a segment of the job."""
    return f"{job_id}{_MARK}{segment}"


def job_of_entry(name: str) -> str | None:
    """The job whose segment waits under this name; None for the name of a job itself."""
    job_id, mark, _ = name.rpartition(_MARK)
    return job_id if mark else None
