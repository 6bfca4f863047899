"""Reading of a pose log for exports: repeatable, a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from worker.contract.pose_log import END
from worker.contract.poses import LogHead, PoseChunk, decode_chunk, decode_head

Log = Callable[[], Iterable[bytes]]
"""A function that reads a whole pose log from its beginning, as often as it is called."""


def read_log(log: Log) -> tuple[LogHead, Iterator[PoseChunk]]:
    """Head and chunks of a whole pose log; raises DecodeError where it is broken."""
    entries = iter(log())
    head = decode_head(next(entries))
    return head, (decode_chunk(entry) for entry in entries if entry != END)
