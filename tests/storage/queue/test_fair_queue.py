"""Who runs next."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from tests.storage.factories import Clock, new_job
from worker.contract.jobs import Job, JobStatus
from worker.lifecycle.completion import cancel_job, complete_job, expire_job
from worker.lifecycle.deletion import erase_job
from worker.storage import keys
from worker.storage.queue.fair_queue import JOB_QUEUES, QUEUES, STALE_S, FairQueue
from worker.storage.store import load_script
from worker.storage.stores import Stores


def add(
    stores: Stores, tenant: str, count: int = 1, limit: int | None = None, **more: object
) -> list[str]:
    jobs = [new_job(stores, tenant, **more) for _ in range(count)]
    stores.fair_queue.push(jobs, limit)
    return [job.id for job in jobs]


def pull(stores: Stores, queue: str = "pose.cpu") -> str | None:
    found = stores.fair_queue.pop(queue)
    return found[0] if found else None


def pull_all(stores: Stores) -> list[str]:
    return list(itertools.takewhile(bool, (pull(stores) for _ in itertools.count())))  # type: ignore[arg-type]


def end(stores: Stores, job_id: str) -> None:
    token = stores.leases.claim(job_id).token
    complete_job(stores, stores.jobs.get(job_id), token, JobStatus.SUCCEEDED)


def place(stores: Stores, job_id: str) -> int | None:
    found = stores.fair_queue.place(stores.jobs.get(job_id))
    return None if found is None else found.before


def test_the_single_job_of_another_is_next(stores: Stores) -> None:
    many = add(stores, "acme", 200)
    assert [pull(stores) for _ in range(50)] == many[:50]
    (single,) = add(stores, "umbrella")
    assert place(stores, single) == 0
    assert pull(stores) == single
    assert pull(stores) == many[50]


def test_tenants_take_turns(stores: Stores) -> None:
    mine, theirs, third = (add(stores, name, 3) for name in ("acme", "umbrella", "zoo"))
    assert pull_all(stores) == [
        job for turn in zip(mine, theirs, third, strict=True) for job in turn
    ]


def test_who_sends_one_at_a_time_gets_no_more_than_a_share(stores: Stores) -> None:
    """Whose list runs empty each time must not come back as the one served least lately."""
    many = add(stores, "acme", 20)
    served = []
    add(stores, "umbrella")
    for _ in range(20):
        job = pull(stores)
        served.append(job in many)
        if job not in many:
            add(stores, "umbrella")
    assert served.count(True) == 10


def test_a_pause_saves_up_nothing(stores: Stores) -> None:
    add(stores, "umbrella")
    add(stores, "acme", 30)
    for _ in range(21):
        pull(stores)
    theirs = add(stores, "umbrella", 10)
    served = [pull(stores) in theirs for _ in range(10)]
    assert served.count(True) == 5


def test_long_jobs_cost_more_than_short_ones(stores: Stores) -> None:
    for _ in range(40):
        stores.fair_queue.record_duration("pose.cpu", "acme", 30)
        stores.fair_queue.record_duration("pose.cpu", "umbrella", 10)
    long, short = add(stores, "acme", 40), add(stores, "umbrella", 40)
    served = [pull(stores) for _ in range(40)]
    assert sum(job in long for job in served) == pytest.approx(10, abs=1)
    assert sum(job in short for job in served) == pytest.approx(30, abs=1)


def test_high_before_normal_before_low_and_then_by_age(stores: Stores) -> None:
    made = {
        (priority, at): add(stores, "acme", priority=priority, createdAt=at)[0]
        for at in ("2026-01-01T00:00:02.000Z", "2026-01-01T00:00:01.000Z")
        for priority in ("low", "high", "normal")
    }
    order = [
        made[priority, f"2026-01-01T00:00:0{second}.000Z"]
        for priority in ("high", "normal", "low")
        for second in (1, 2)
    ]
    assert [place(stores, job) for job in order] == list(range(6))
    assert pull_all(stores) == order


def test_anothers_priority_is_not_mine_to_take(stores: Stores) -> None:
    high = add(stores, "acme", 5, priority="high")
    (low,) = add(stores, "umbrella", priority="low")
    assert low in [pull(stores), pull(stores)]
    assert pull(stores) in high


def test_a_tenant_at_its_limit_is_passed_over(stores: Stores) -> None:
    mine = add(stores, "acme", 5, limit=2)
    theirs = add(stores, "umbrella", 1, limit=2)
    assert stores.fair_queue.runnable_count(stores.redis, "pose.cpu", 100) == 3
    assert sorted(pull_all(stores)) == sorted(mine[:2] + theirs)
    assert stores.fair_queue.runnable_count(stores.redis, "pose.cpu", 100) == 0
    end(stores, mine[0])
    assert pull_all(stores) == [mine[2]]
    erase_job(stores, stores.jobs.get(mine[1]))
    assert pull_all(stores) == [mine[3]]


def test_over_the_limit_of_waiting_jobs_none_is_taken(stores: Stores) -> None:
    one = new_job(stores)
    queues = ["pose.cpu", "pose.gpu", "pose.cpu", "pose.cpu"]
    jobs = [msgspec.structs.replace(one, id=f"job_q{n}", queue=q) for n, q in enumerate(queues)]
    assert [stores.jobs.submit(job, None, 3, None) for job in jobs] == [1, 1, 1, -1]
    assert stores.fair_queue.length("acme") == 3 and not stores.jobs.exists(jobs[3].id)
    stranger = msgspec.structs.replace(one, id="job_q9", tenant="umbrella")
    assert stores.jobs.submit(stranger, None, 3, None) == 1


def test_of_many_pullers_each_gets_another_job(stores: Stores) -> None:
    made = add(stores, "acme", 40, limit=30)
    with ThreadPoolExecutor(8) as pool:
        pulled = list(pool.map(lambda _: pull(stores), range(60)))
    found = [job for job in pulled if job]
    assert len(found) == len(set(found)) == 30 and set(found) <= set(made)


@pytest.mark.parametrize("how", ["cancel", "erase", "expire", "claim"])
def test_what_is_over_waits_no_longer(stores: Stores, how: str) -> None:
    first, second = add(stores, "acme", 2, deadlineAt="2026-01-02T00:00:00Z")
    job = stores.jobs.get(first)
    if how == "cancel":
        cancel_job(stores, first)
    elif how == "erase":
        erase_job(stores, job)
    elif how == "expire":
        assert expire_job(stores, first)
    else:
        assert stores.leases.claim(first).token
    assert stores.fair_queue.place(job) is None
    assert pull_all(stores) == [second]


def test_one_that_never_began_holds_no_place_among_the_running(stores: Stores) -> None:
    first, second = add(stores, "acme", 2, limit=1)
    assert pull(stores) == first
    cancel_job(stores, first)
    assert pull(stores) == second


def test_the_places_of_dead_jobs_are_found_again(stores: Stores) -> None:
    clock = Clock()
    waiting = FairQueue(stores.redis, clock)
    stores.fair_queue.push(jobs := [new_job(stores) for _ in range(2)], 1)
    assert waiting.pop("pose.cpu") is not None
    stores.redis.delete(keys.job(jobs[0].id))
    waiting.reconcile_running()
    assert waiting.pop("pose.cpu") is None
    clock.now += STALE_S + 1
    waiting.reconcile_running()
    assert waiting.pop("pose.cpu") is not None
    clock.now += STALE_S + 1
    waiting.reconcile_running()  # the second one is queued still: it keeps its place
    assert stores.redis.zscore(keys.running_of("acme"), jobs[1].id) is not None


def test_a_job_that_comes_back_has_its_old_place(stores: Stores) -> None:
    made = [add(stores, "acme", createdAt=f"2026-01-01T00:00:0{n}.000Z")[0] for n in range(3)]
    assert pull(stores) == made[0]
    assert place(stores, made[0]) == 0
    stores.fair_queue.push([stores.jobs.get(made[0])], None)
    assert pull_all(stores) == made


def test_queues_do_not_mix(stores: Stores) -> None:
    (gpu,) = add(stores, "acme", queue="pose.gpu")
    assert pull(stores) is None
    assert pull(stores, "pose.gpu") == gpu


@hypothesis.settings(max_examples=25, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    paces=st.lists(st.sampled_from([1.0, 2.5, 7.0]), min_size=5, max_size=5),
    served=st.integers(0, 6),
)
def test_the_place_is_the_turn(
    stores: Stores, counts: list[int], paces: list[float], served: int
) -> None:
    """Without limits and newcomers each job starts exactly where its place says."""
    stores.redis.flushall()
    jobs: list[Job] = []
    for number, count in enumerate(counts):
        stores.fair_queue.record_duration("pose.cpu", f"t{number}", paces[number])
        made = [new_job(stores, f"t{number}") for _ in range(count)]
        stores.fair_queue.push(made, None)
        jobs += made
    gone = {pull(stores) for _ in range(served)}
    rest = [job for job in jobs if job.id not in gone]
    places = {job.id: place(stores, job.id) for job in rest}
    order = pull_all(stores)
    assert [places[job] for job in order] == list(range(len(rest)))


def test_many_tenants_at_their_limit_hide_nobody(stores: Stores) -> None:
    for number in range(70):
        add(stores, f"a{number:02}", 2, limit=1)
    assert len(pull_all(stores)) == 70
    (last,) = add(stores, "zoo", limit=1)
    assert pull_all(stores) == [last]


def test_the_scripts_know_the_same_queues() -> None:
    named = re.search(r"^local QUEUES = \{(.*)\}$", load_script("queue/lists"), re.M)
    assert named and tuple(re.findall(r"'([^']+)'", named[1])) == QUEUES
    assert QUEUES[:-1] == JOB_QUEUES  # `count_waiting` stops at the last
