"""A reference movement from a pose log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.contract.pose_log import END
from worker.contract.poses import PoseChunk, decode_chunk, decode_head
from worker.contract.reference_poses import ReferencePoses
from worker.media.sandbox.limits import MediaLimits
from worker.motion.reference.builder import reference_of

LIMITS = MediaLimits(max_duration_s=60.0)
"""Limits of the clip of a reference: one that shows a single repetition is short."""


def reference_from_log(log: Iterable[bytes], name: str) -> ReferencePoses:
    """The one rep in a complete pose log; raises JobError where it has none or several."""
    entries = iter(log)
    head = decode_head(next(entries))

    def chunks() -> Iterator[PoseChunk]:
        for entry in entries:
            if entry == END:
                return
            yield decode_chunk(entry)

    return reference_of(head, chunks(), name)
