"""Names of entries of the fair queue: jobs, segments of long videos, batches with a manifest."""

from __future__ import annotations

_MARK = "+"


def entry_of(job_id: str, segment: int) -> str:
    """Name of a job's segment in the fair queue."""
    return f"{job_id}{_MARK}{segment}"


def job_of_entry(name: str) -> str | None:
    """Id of the job whose segment has this name; None for the name of a job itself."""
    job_id, mark, _ = name.rpartition(_MARK)
    return job_id if mark else None


def is_batch(name: str) -> bool:
    """Returns whether this is the name of a batch."""
    return name.startswith("bat_")
