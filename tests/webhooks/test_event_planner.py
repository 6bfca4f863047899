"""What the news of a job are, however they arrive."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.options import JobOptions
from worker.contract.plans import Plan as Tariff
from worker.contract.webhooks import DeliveryItem, Endpoint, JobWebhook
from worker.storage.webhooks.ordered_queues import DispatchCursor
from worker.webhooks.event_planner import (
    GROUP_S,
    GROUPED,
    MessageRef,
    Subscription,
    needs_watching,
    plan,
    subscription,
)

JOB = Job(
    id="job_1",
    tenant="acme",
    plan=Tariff.DEVELOPER,
    status=JobStatus.RUNNING,
    source="video",
    input=JobInput(uploadId="upl_1"),
    options=JobOptions(),
    createdAt="2026-01-01T00:00:00.000Z",
    startedAt="2026-01-01T00:00:01.000Z",
)
DONE = msgspec.structs.replace(
    JOB, status=JobStatus.SUCCEEDED, finishedAt="2026-01-01T00:01:00.000Z"
)


def endpoint(name: str = "we_1", *events: str, made: str = "2025-01-01T00:00:00.000Z") -> Endpoint:
    return Endpoint(id=name, tenant="acme", url="https://a.example", events=events, createdAt=made)


WANTS = (
    Subscription(
        endpoint(),
        frozenset({"job.queued", "job.succeeded", "message.counter", *GROUPED}),
    ),
    Subscription(endpoint("we_2"), frozenset({"message.done", "message.angles"})),
)
KINDS = st.sampled_from(["counter", "keypoints", "angles", "posture", "progression"])


def deliver(
    rows: list[MessageRef], cuts: list[int], pauses: list[float]
) -> tuple[list[tuple[Endpoint, DeliveryItem]], int]:
    """All items where the rows are seen a part at a time, each part some seconds later."""
    progress, items, now, groups = DispatchCursor(), [], 1000.0, 0
    ends = sorted({min(cut, len(rows)) for cut in cuts})
    for end, pause in zip([*ends, len(rows)], [*pauses, *[0.1] * 99], strict=False):
        now += pause
        seen = [row for row in rows[:end] if _after(row, progress)]
        made = plan(JOB, progress, WANTS, seen, more=False, now=now)
        progress = replace(made.progress, version=progress.version + 1)
        items += made.items
        groups += any(item.grouped for _, item in made.items)
    seen = [row for row in rows if _after(row, progress)]
    made = plan(DONE, progress, WANTS, seen, more=False, now=now)
    assert made.progress.ended and not made.held_back
    return [*items, *made.items], groups


def _after(row: MessageRef, progress: DispatchCursor) -> bool:
    place = int(row[0].split("-")[0])
    return place > min(int(progress.cursor.split("-")[0]), int(progress.frames.split("-")[0]))


@given(
    st.lists(KINDS, max_size=40),
    st.lists(st.integers(0, 40), max_size=6),
    st.lists(st.floats(0, 1), max_size=6),
)
def test_each_message_once_in_order_however_the_rows_arrive(
    kinds: list[str], cuts: list[int], pauses: list[float]
) -> None:
    rows = [(f"{n}-1", kind) for n, kind in enumerate(kinds, 1)] + [("99-1", "done")]
    items, groups = deliver(rows, cuts, pauses)
    for name, wanted in ((one.endpoint.id, one.events) for one in WANTS):
        mine = [item for end, item in items if end.id == name]
        assert len({item.id for item in mine}) == len(mine)
        events = [item for item in mine if item.type.startswith("message.") and not item.grouped]
        asked = [(i, k) for i, k in rows if f"message.{k}" in wanted - GROUPED]
        assert [(item.first, item.type) for item in events] == [
            (i, f"message.{k}") for i, k in asked
        ]
        for kind in sorted(wanted & GROUPED):
            spans = [(item.first, item.last) for item in mine if item.type == kind]
            places = [int(i.split("-")[0]) for i, k in rows if f"message.{k}" == kind]
            covered = [
                p for p in places
                if sum(int(a.split("-")[0]) <= p <= int(b.split("-")[0]) for a, b in spans) == 1
            ]  # fmt: skip
            assert covered == places
            assert spans == sorted(spans, key=lambda span: int(span[0].split("-")[0]))
    assert items[-1][1].type == "job.succeeded"
    # once half a second each, and once at the end
    assert groups <= 1 + sum(pauses[: len(cuts) + 1]) / GROUP_S + 1


def test_nothing_new_is_nothing() -> None:
    made = plan(JOB, DispatchCursor(), WANTS, [], more=False, now=1.0)
    again = plan(JOB, made.progress, WANTS, [], more=False, now=1.1)
    assert again.items == () and again.progress == made.progress


def test_what_happened_before_an_endpoint_was_made_is_not_its_news() -> None:
    late = endpoint("we_1", "job.queued", "job.started", made="2026-01-01T00:00:00.500Z")
    wanted = subscription(late, JOB)
    assert wanted is not None
    made = plan(JOB, DispatchCursor(), [wanted], [], more=False, now=1.0)
    assert [item.type for _, item in made.items] == ["job.started"]
    later = endpoint("we_1", "job.succeeded", made="2026-01-02T00:00:00.000Z")
    assert subscription(later, DONE) is None and subscription(later, JOB) is not None


def test_a_jobs_own_events_are_added_for_it_alone() -> None:
    own = JobWebhook(endpoint="we_1", events=("job.started",))
    with_own = msgspec.structs.replace(JOB, webhook=own)
    found = subscription(endpoint("we_1", "job.failed"), with_own)
    assert found is not None and found.events == {"job.failed", "job.started"}
    assert subscription(endpoint("we_1"), JOB) is None
    assert subscription(endpoint("we_2"), with_own) is None


def test_who_is_watched() -> None:
    frames = [Subscription(endpoint(), frozenset({"message.keypoints"}))]
    counts = frozenset({"message.counter"})
    events = [Subscription(endpoint("we_1", *counts), counts)]
    beyond = [Subscription(endpoint("we_1", "job.failed"), counts)]
    turns = [Subscription(endpoint(), frozenset({"job.succeeded"}))]
    quiet = msgspec.structs.replace(JOB, options=JobOptions(firehose="none"))
    queued = msgspec.structs.replace(quiet, status=JobStatus.QUEUED)
    assert needs_watching(JOB, frames) and not needs_watching(JOB, events)
    assert needs_watching(JOB, beyond)
    assert needs_watching(quiet, events) and not needs_watching(quiet, turns)
    assert not needs_watching(queued, events) and not needs_watching(DONE, frames)
