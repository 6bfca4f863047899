"""Commits the pose chunks and messages of a run to Redis, batched and in the background.

A newly estimated chunk is committed at once with its messages. Messages replayed from an existing
pose log come about ten times faster than Redis should be written to, so they are batched.

Commits run in a thread while the next chunk is estimated: one at a time and in order, so that the
work is never more than one commit ahead of what is durable.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from worker.contract.messages import Entry, KeypointsBatch, entry_key
from worker.jobs.leased_job import LeasedJob
from worker.observability.metrics import STAGE_SECONDS, timed
from worker.pipeline.pipeline import Step
from worker.storage.jobs.streams import Row, rows_of

MOST_BYTES = 1_000_000
"""Bytes of messages in one commit of a replay: the script that writes them blocks Redis for some
5 ms."""

MOST_S = 0.5
"""Seconds after which batched messages are committed."""


class StepCommitter:
    """Commits the steps of one run in order, and checks between commits whether it may go on.

    A context manager; no commit is under way after its end. An error of a commit is raised by the
    next one or at the end, before any other error: nothing is committed after a failed commit.

    Entry ids follow from the position in the run, so that messages committed by an earlier run, in
    whatever batches, are skipped; the stream would refuse them.
    """

    def __init__(self, leased: LeasedJob, clock: Callable[[], float] = time.monotonic) -> None:
        self._leased = leased
        self._clock = clock
        (head, tail), _ = leased.stores.streams.end(leased.job.id)
        self._known = head, tail - 1
        self._rows: list[Row] = []
        self._bytes = 0
        self._fields: dict[str, Any] = {}
        self._since = -1e9
        self._thread = ThreadPoolExecutor(1, "commits")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._thread:
            self._settle()

    def add(self, step: Step, fields: dict[str, Any]) -> None:
        """Adds a step and fields of the record; raises as `LeasedJob.commit` and `check` do."""
        entries = [entry for entry in step.entries if entry_key(entry.id) > self._known]
        rows = rows_of([self._checked(entry) for entry in entries])
        self._rows += rows
        self._bytes += sum(len(data) for _, _, data in rows)
        self._fields = fields
        if step.log:
            self._commit(self._taken(), fields, step.place, [step.log])
        elif self._bytes >= MOST_BYTES or self._clock() - self._since >= MOST_S:
            self._flush()

    def finish(self) -> None:
        """Commits the remaining messages and waits until everything is durable."""
        self._flush()
        self._settle()

    def _flush(self) -> None:
        if self._fields:
            fields = self._fields
            for rows in _pieces(self._taken()):
                self._commit(rows, fields)

    def _taken(self) -> list[Row]:
        taken, self._rows, self._bytes, self._fields = self._rows, [], 0, {}
        return taken

    def _commit(
        self, rows: Sequence[Row], fields: dict[str, Any], place: int = 0, log: Sequence[bytes] = ()
    ) -> None:
        self._settle()
        self._leased.check_cancelled()  # before the commit, which blocks Redis
        self._under_way = self._thread.submit(self._leased.commit, rows, fields, place, log)
        self._since = self._clock()
        self._leased.check_lease_and_deadline()

    def _settle(self) -> None:
        """Waits for the commit under way, if any; raises what it raised."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            with timed(STAGE_SECONDS, "publish"):
                under_way.result()

    def _checked(self, entry: Entry) -> Entry:
        if isinstance(entry.message, KeypointsBatch):
            self._settle()  # raises Fenced before anything is stored
            return Entry(entry.id, self._leased.claim_check(entry.message))
        return entry


def _pieces(rows: list[Row]) -> Iterator[list[Row]]:
    """Splits rows into batches of about MOST_BYTES; yields at least one, possibly empty."""
    start, size = 0, 0
    for number, row in enumerate(rows, 1):
        size += len(row[2])
        if size >= MOST_BYTES and number < len(rows):
            yield rows[start:number]
            start, size = number, 0
    yield rows[start:]
