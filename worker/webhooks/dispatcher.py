"""Puts the events of jobs into ordered queues: each once, also after crashes and repeated calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from worker.contract.jobs import Job
from worker.contract.messages import entry_key
from worker.contract.webhooks import (
    BATCH_COMPLETED,
    JOB_EVENTS,
    DeliveryItem,
    Endpoint,
    delivery_id,
)
from worker.lifecycle.archive import read_messages
from worker.storage.clock import iso
from worker.storage.errors import NotFound
from worker.storage.stores import Stores
from worker.storage.webhooks.ordered_queues import DispatchCursor
from worker.webhooks.event_planner import (
    GROUP_S,
    MessageRef,
    Subscription,
    needs_watching,
    plan,
    subscription,
)

PAGE = 1000


class Dispatcher:
    """Puts new events of a job into the ordered queues of its subscribers.

    Endpoints are read once per `Dispatcher`. One is made for each batch of firehose entries, after
    the batch was read, so that an endpoint made before a job misses none of its events.
    `due_endpoints` collects the ids of endpoints that have deliveries due now.
    """

    def __init__(self, stores: Stores, clock: Callable[[], float] | None = None) -> None:
        self._stores = stores
        self._clock = clock or stores.clock
        self._audiences: dict[str, tuple[list[Endpoint], bool]] = {}
        self.due_endpoints: set[str] = set()

    def concerns(self, tenant: str, kinds: Iterable[str]) -> bool:
        """Returns whether entries of the types `kinds` on the firehose may matter to an endpoint.

        A job's own events always do where there is one: jobs say themselves which they take, also
        for the address of a registered endpoint, and messages that are not on the firehose are
        polled from the job's start to its end. Other entries can be skipped: a later one brings
        all that is due by then. What endpoints made by jobs take, only the jobs say.
        """
        endpoints, adhoc = self._audience(tenant)
        if adhoc or not endpoints:
            return adhoc
        wanted = frozenset(JOB_EVENTS).union(*(one.events for one in endpoints))
        return any((kind if "." in kind else f"message.{kind}") in wanted for kind in kinds)

    def advance(self, job_id: str) -> None:
        """Dispatches all new events of a job; idempotent and safe to run concurrently."""
        try:
            job, held_back = self._advance(job_id)
        except NotFound:  # erased
            self._stores.delivery_schedule.watched.remove(job_id)
            return
        self._mark_due(job_id)
        if held_back or needs_watching(job, self._subscriptions(job)):
            self._stores.delivery_schedule.watched.put(job_id, self._clock() + GROUP_S)
        else:
            self._stores.delivery_schedule.watched.remove(job_id)

    def batch_completed(self, tenant: str, batch_id: str, data: dict[str, Any]) -> None:
        """Dispatches the final event of a batch, with `data`; idempotent."""
        progress = self._stores.ordered_queues.progress(batch_id)
        if not progress.ended:
            item = DeliveryItem(
                id="", type=BATCH_COMPLETED, subject=batch_id, at=iso(self._clock()), data=data
            )
            pairs = [
                (one, msgspec.structs.replace(item, id=delivery_id(one.id, batch_id, item.type)))
                for one in self._audience(tenant)[0]
                if BATCH_COMPLETED in one.events
            ]
            ended = replace(progress, dispatched_events=progress.dispatched_events | {"ended"})
            self._put(batch_id, ended, pairs, of_job=False)
        self._mark_due(batch_id)

    def _advance(self, job_id: str) -> tuple[Job, bool]:
        while True:
            progress = self._stores.ordered_queues.progress(job_id)
            job = self._stores.jobs.get(job_id)  # before its rows: a final job has all of them
            subscriptions = self._subscriptions(job)
            if progress.ended or not subscriptions:
                return job, False
            rows = self._rows(job, progress, subscriptions)
            more = len(rows) == PAGE
            made = plan(job, progress, subscriptions, rows, more=more, now=self._clock())
            if made.progress == progress and not made.items:
                return job, made.held_back
            done = self._put(job_id, made.progress, made.items, of_job=True)
            if done and not more:
                return job, made.held_back

    def _rows(
        self, job: Job, progress: DispatchCursor, subscriptions: Sequence[Subscription]
    ) -> list[MessageRef]:
        if not any(one.messages for one in subscriptions):
            return []
        after = min(progress.cursor, progress.frames, key=entry_key)
        found = read_messages(self._stores, job.tenant, job.id, after=after, limit=PAGE)
        return [(entry_id, kind) for entry_id, kind, _ in found]

    def _put(
        self,
        subject: str,
        progress: DispatchCursor,
        pairs: Sequence[tuple[Endpoint, DeliveryItem]],
        *,
        of_job: bool,
    ) -> bool:
        """Stores the deliveries and the new cursor; returns False where another process was faster.

        Raises NotFound for an erased job.
        """
        named = [(endpoint.id, item) for endpoint, item in pairs]
        outcome = self._stores.ordered_queues.dispatch(subject, progress, named, of_job=of_job)
        if outcome == "gone":
            raise NotFound(f"no job {subject}")
        if outcome == "done":
            self._stores.deliveries.begin(pairs)
        return outcome == "done"

    def _mark_due(self, subject: str) -> None:
        """Marks all filled queues of a job or batch as due, also those filled before a crash."""
        for endpoint in self._stores.ordered_queues.waiting(subject):
            self._stores.delivery_schedule.mark_due(endpoint, [subject])
            self.due_endpoints.add(endpoint)

    def _subscriptions(self, job: Job) -> list[Subscription]:
        if job.input.referenceId is not None:
            return []
        endpoints = {one.id: one for one in self._audience(job.tenant)[0]}
        own = job.webhook
        if own is not None and own.endpoint not in endpoints:
            try:
                endpoints[own.endpoint] = self._stores.endpoints.get(own.endpoint, job.tenant)
            except NotFound:  # deleted since, and maybe made anew
                same = [name for name, one in endpoints.items() if one.url == own.url]
                own = msgspec.structs.replace(own, endpoint=same[0]) if same else None
        job = msgspec.structs.replace(job, webhook=own)
        found = (subscription(one, job) for one in endpoints.values())
        return [one for one in found if one is not None]

    def _audience(self, tenant: str) -> tuple[list[Endpoint], bool]:
        if tenant not in self._audiences:
            self._audiences[tenant] = self._stores.endpoints.audience(tenant)
        return self._audiences[tenant]
