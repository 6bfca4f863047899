"""Plans the deliveries of a job's new events: a pure function of record, messages and cursor.

Events keep the order of the stream. Per-frame messages are grouped: at most one group per type and
GROUP_S seconds; a group comes after the events with ids before its last message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import PER_FRAME, entry_key
from worker.contract.webhooks import DeliveryItem, Endpoint, delivery_id, final_event
from worker.storage.clock import iso
from worker.storage.webhooks.ordered_queues import DispatchCursor

GROUP_S = 0.5
"""Seconds between two groups of a job's per-frame messages (api/README.md)."""
GROUPED = frozenset(f"message.{kind}" for kind in PER_FRAME)

MessageRef = tuple[str, str]
"""Entry id and type of a message."""


@dataclass(frozen=True)
class Subscription:
    """An endpoint and the events of one job that it subscribes to."""

    endpoint: Endpoint
    events: frozenset[str]

    @property
    def messages(self) -> bool:
        """Whether any message of the job is subscribed to."""
        return any(event.startswith("message.") for event in self.events)

    @property
    def unheard(self) -> bool:
        """Whether the job asks for messages that its endpoint, a registered one, does not take."""
        more = self.events.difference(self.endpoint.events)
        return not self.endpoint.adhoc and any(event.startswith("message.") for event in more)

    @property
    def frames(self) -> frozenset[str]:
        """The per-frame event types subscribed to."""
        return self.events & GROUPED


@dataclass(frozen=True)
class DispatchPlan:
    """Deliveries to put into ordered queues, and the job's cursor after that.

    `held_back`: the interval of a group is not over; plan again later.
    """

    progress: DispatchCursor
    items: tuple[tuple[Endpoint, DeliveryItem], ...] = ()
    held_back: bool = False


def subscription(endpoint: Endpoint, job: Job) -> Subscription | None:
    """Returns the endpoint's subscription to a job; None where it is to get nothing.

    An endpoint gets nothing of a job that ended before the endpoint was made.
    """
    events = set(endpoint.events)
    if job.webhook is not None and job.webhook.endpoint == endpoint.id:
        events |= set(job.webhook.events)
    if not events or (job.finishedAt is not None and job.finishedAt < endpoint.createdAt):
        return None
    return Subscription(endpoint, frozenset(events))


def plan(
    job: Job,
    progress: DispatchCursor,
    subscriptions: Sequence[Subscription],
    rows: Sequence[MessageRef],
    *,
    more: bool,
    now: float,
) -> DispatchPlan:
    """Plans deliveries from `rows`, the messages after `progress`, and the job's state.

    `more`: there are further rows. The rows of a final job are complete, as its record and its
    last message are committed together. `now` is unix time in seconds.
    """
    ended = job.status.final and not more
    items = [*_beginning(job, progress, subscriptions)]
    said = set(progress.dispatched_events) | {"queued"} | ({"started"} if job.startedAt else set())
    items += _events(job, progress.cursor, subscriptions, rows, now)
    last = rows[-1][0] if rows else progress.frames
    cursor = max(progress.cursor, last, key=entry_key)
    moved = replace(progress, cursor=cursor, dispatched_events=frozenset(said))
    flush = ended or more or now - progress.grouped >= GROUP_S
    groups = [*_groups(job, progress.frames, subscriptions, rows, now)]
    if flush or not groups:
        moved = replace(moved, frames=max(progress.frames, last, key=entry_key))
        moved = replace(moved, grouped=now) if groups else moved
        items += groups
    if ended:
        event = final_event(job.status.value)
        items += _turn(job, event, job.finishedAt or iso(now), subscriptions)
        moved = replace(moved, dispatched_events=moved.dispatched_events | {"ended"})
    return DispatchPlan(moved, tuple(items), held_back=bool(groups) and not flush)


def _beginning(
    job: Job, progress: DispatchCursor, subscriptions: Sequence[Subscription]
) -> Iterator[tuple[Endpoint, DeliveryItem]]:
    if "queued" not in progress.dispatched_events:
        yield from _turn(job, "job.queued", job.createdAt, subscriptions)
    if "started" not in progress.dispatched_events and job.startedAt:
        yield from _turn(job, "job.started", job.startedAt, subscriptions)


def _turn(
    job: Job, event: str, at: str, subscriptions: Sequence[Subscription]
) -> Iterator[tuple[Endpoint, DeliveryItem]]:
    for one in subscriptions:
        if event in one.events and at >= one.endpoint.createdAt:
            name = delivery_id(one.endpoint.id, job.id, event)
            yield one.endpoint, DeliveryItem(id=name, type=event, subject=job.id, at=at)


def _events(
    job: Job,
    after: str,
    subscriptions: Sequence[Subscription],
    rows: Sequence[MessageRef],
    now: float,
) -> Iterator[tuple[Endpoint, DeliveryItem]]:
    for entry_id, kind in _behind(rows, after):
        event = f"message.{kind}"
        if event in GROUPED:
            continue
        for one in subscriptions:
            if event in one.events:
                name = delivery_id(one.endpoint.id, job.id, event, entry_id)
                item = DeliveryItem(
                    id=name,
                    type=event,
                    subject=job.id,
                    at=iso(now),
                    first=entry_id,
                    last=entry_id,
                )
                yield one.endpoint, item


def _groups(
    job: Job,
    after: str,
    subscriptions: Sequence[Subscription],
    rows: Sequence[MessageRef],
    now: float,
) -> Iterator[tuple[Endpoint, DeliveryItem]]:
    found: dict[str, list[str]] = {}
    for entry_id, kind in _behind(rows, after):
        found.setdefault(f"message.{kind}", []).append(entry_id)
    for event, ids in found.items():
        for one in subscriptions:
            if event in one.frames:
                first, last = ids[0], ids[-1]
                name = delivery_id(one.endpoint.id, job.id, event, first, last)
                item = DeliveryItem(
                    id=name,
                    type=event,
                    subject=job.id,
                    at=iso(now),
                    first=first,
                    last=last,
                    grouped=True,
                )
                yield one.endpoint, item


def _behind(rows: Sequence[MessageRef], after: str) -> Iterator[MessageRef]:
    floor = entry_key(after)
    return (row for row in rows if entry_key(row[0]) > floor)


def needs_watching(job: Job, subscriptions: Sequence[Subscription]) -> bool:
    """Returns whether the job may have new events without an entry on the firehose that
    `Dispatcher.concerns` lets through."""
    if job.status is not JobStatus.RUNNING:
        return False
    silent = job.options.firehose == "none"
    return any(one.frames or (one.messages if silent else one.unheard) for one in subscriptions)
