"""The pose log as exports read it: from the beginning, as often as they need, a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from worker.contract.pose_log import END
from worker.contract.poses import LogHead, PoseChunk, decode_chunk, decode_head

Log = Callable[[], Iterable[bytes]]
"""Reads a whole pose log from its beginning; may be called again."""


def read_log(log: Log) -> tuple[LogHead, Iterator[PoseChunk]]:
    """Head and chunks of a whole pose log; raises DecodeError where it is broken."""
    entries = iter(log())
    head = decode_head(next(entries))
    return head, (decode_chunk(entry) for entry in entries if entry != END)
