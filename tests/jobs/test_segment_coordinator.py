"""A long video in turns and in parts: who does what, and that it makes no difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from tests.pipeline.tracking import SEGMENT_S, Tracking, make_clip
from tests.storage.factories import new_job
from worker.contract.errors import ModelFault, ModelMissing
from worker.contract.jobs import Job, JobInput, JobStatus
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.contract.queue_entries import entry_of, job_of_entry
from worker.jobs import leased_job as held_module
from worker.jobs import segment_coordinator, segment_worker
from worker.jobs.faults import RecentFaults
from worker.jobs.runner import Runner
from worker.jobs.segment_worker import run_segments
from worker.lifecycle.completion import cancel_job
from worker.media.decoding.video import FrameReader
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine
from worker.queueing import dispatch
from worker.queueing.dispatch import dispatch_next
from worker.storage import keys
from worker.storage.stores import Stores

OPTIONS = JobOptions(exercise="squat", keypoints=True)
Said = list[tuple[str, dict[str, Any]]]


class Engine(Tracking):
    """One worker's models; `estimated` frames so far."""

    def __call__(self) -> PoseEngine:
        return cast(PoseEngine, self)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("long") / "long.mp4")


@pytest.fixture(scope="module")
def alone(clip: Path) -> Said:
    """What a single pass says."""
    steps = Pipeline(clip, OPTIONS, Engine()(), segment_s=SEGMENT_S).steps()
    return [(e.id, json.loads(encode(e.message))) for step in steps for e in step.entries]


@pytest.fixture
def job(stores: Stores, clip: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A queued job; there is no broker, and every worker is busy."""
    monkeypatch.setattr(stores.settings, "segment_s", SEGMENT_S)
    monkeypatch.setattr(stores.settings, "inline_bytes", 10**8)
    monkeypatch.setattr(dispatch, "send_wakeups", lambda *_: None)
    for module in (held_module, segment_worker):
        monkeypatch.setattr(module, "all_slots_busy", lambda *_: True)
    stores.objects.put("uploads/acme/upl_1", clip.read_bytes(), "video/mp4")
    job = new_job(stores, options=OPTIONS, input=JobInput(key="uploads/acme/upl_1"))
    stores.fair_queue.push([job], None)
    return job


def said(stores: Stores, job_id: str) -> Said:
    rows = [(entry, json.loads(data)) for entry, _, data in stores.streams.scan(job_id)]
    assert rows[-1][1] == {"type": "done", "status": "succeeded", "messages": len(rows) - 1}
    return rows[:-1]


def somebody_waits(stores: Stores) -> Job:
    short = new_job(stores, "umbrella")
    stores.fair_queue.push([short], None)
    return short


def test_who_is_alone_estimates_all(stores: Stores, job: Job, alone: Said) -> None:
    engine = Engine()
    assert dispatch_next(stores, Runner(stores, engine).run, "pose.cpu") == job.id
    assert said(stores, job.id) == alone
    assert engine.estimated == 175
    assert not stores.redis.exists(keys.parts(job.id))
    # the segment that was offered is still there: who pulls it finds nothing to do
    entry = dispatch_next(stores, Runner(stores, engine).run, "pose.cpu")
    assert entry is not None and job_of_entry(entry) == job.id
    assert stores.fair_queue.total() == 0
    assert stores.redis.zcard(keys.running_of("acme")) == 0
    assert engine.estimated == 175


def test_a_long_video_gives_way_between_segments(stores: Stores, job: Job, alone: Said) -> None:
    engine, ran = Engine(), []
    short = somebody_waits(stores)

    def run(name: str) -> None:
        ran.append(name)
        if name == short.id:
            stores.fair_queue.remove("umbrella", name)
        else:
            Runner(stores, engine).run(name)

    assert dispatch_next(stores, run, "pose.cpu") == job.id
    paused = stores.jobs.get(job.id)
    assert (paused.status, engine.estimated) == (JobStatus.RUNNING, 40)
    assert stores.redis.get(keys.lease(job.id)) is None
    while not stores.jobs.over(job.id):
        assert dispatch_next(stores, run, "pose.cpu") is not None
    assert ran[:3] == [job.id, short.id, job.id]
    assert said(stores, job.id) == alone
    over = stores.jobs.get(job.id)
    assert (over.attempt, engine.estimated) == (1, 175)
    assert over.usage.computeSeconds > 0


def test_what_another_estimated_is_taken_as_it_is(stores: Stores, job: Job, alone: Said) -> None:
    somebody_waits(stores)
    lead, helper = Engine(), Engine()
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert lead.estimated == 40
    stores.fair_queue.remove("umbrella", str(dispatch_next(stores, lambda _: None, "pose.cpu")))
    assert run_segments(stores, entry_of(job.id, 1), helper) == 4
    assert helper.estimated == 135
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert said(stores, job.id) == alone
    assert lead.estimated == 40


def test_a_helper_gives_way_too(stores: Stores, job: Job, alone: Said) -> None:
    short = somebody_waits(stores)
    lead, helper = Engine(), Engine()
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert run_segments(stores, entry_of(job.id, 1), helper) == 1
    assert run_segments(stores, entry_of(job.id, 2), helper, stopping=lambda: True) == 0
    stores.fair_queue.remove("umbrella", short.id)
    while not stores.jobs.over(job.id):
        dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert said(stores, job.id) == alone
    assert lead.estimated == 175 - 40


def test_a_helper_whose_frames_are_others_is_not_believed(
    stores: Stores, job: Job, alone: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a container's index misleads: times a millisecond off."""
    somebody_waits(stores)
    lead, helper = Engine(), Engine()
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    stores.fair_queue.remove("umbrella", str(dispatch_next(stores, lambda _: None, "pose.cpu")))
    read = FrameReader.__next__

    def late(reader: FrameReader) -> Any:
        frame = read(reader)
        return type(frame)(frame.index, frame.time_us + 1000, frame.image)

    with monkeypatch.context() as patch:
        patch.setattr(FrameReader, "__next__", late)
        assert run_segments(stores, entry_of(job.id, 1), helper) == 4
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert said(stores, job.id) == alone
    # what was there of later segments was in the lead's hands too
    assert lead.estimated == 175


@pytest.mark.parametrize(
    ("error", "own"), [(ZeroDivisionError(), False), (ModelFault("CUDA error"), True)]
)
def test_a_helper_that_fails_harms_nobody(
    stores: Stores,
    job: Job,
    alone: Said,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    own: bool,
) -> None:
    somebody_waits(stores)
    lead, broken = Engine(), Engine()
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    stores.fair_queue.remove("umbrella", str(dispatch_next(stores, lambda _: None, "pose.cpu")))

    def fail(*_: object) -> None:
        raise error

    outcomes = RecentFaults()
    monkeypatch.setattr(broken, "warm_up_state", fail)
    for _ in range(5):
        assert run_segments(stores, entry_of(job.id, 1), broken, outcomes=outcomes) == 0
    assert outcomes.mine("models") is own
    assert stores.redis.hget(keys.parts(job.id), "shut") == b"1"
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert said(stores, job.id) == alone


def test_a_helper_without_the_model_leaves_the_segments_to_others(
    stores: Stores, job: Job, alone: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody_waits(stores)
    lead, lacking, helper = Engine(), Engine(), Engine()
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    stores.fair_queue.remove("umbrella", str(dispatch_next(stores, lambda _: None, "pose.cpu")))

    def missing(model: str) -> PoseEngine:
        raise ModelMissing(model, "not here")

    monkeypatch.setattr(lacking, "named", missing)
    for _ in range(5):
        assert run_segments(stores, entry_of(job.id, 1), lacking) == 0
    assert run_segments(stores, entry_of(job.id, 1), helper) > 0
    dispatch_next(stores, Runner(stores, lead).run, "pose.cpu")
    assert said(stores, job.id) == alone


def test_a_job_canceled_between_turns(stores: Stores, job: Job) -> None:
    somebody_waits(stores)
    dispatch_next(stores, Runner(stores, Engine()).run, "pose.cpu")
    helper = Engine()
    cancel_job(stores, job.id)
    assert stores.jobs.get(job.id).status is JobStatus.CANCELED
    assert run_segments(stores, entry_of(job.id, 1), helper) == 0
    assert helper.estimated == 0
    assert not stores.redis.exists(keys.parts(job.id))


def test_what_others_cannot_have_is_not_shared() -> None:
    def job_of(**given: Any) -> Job:
        return Job(
            id="j", tenant="t", plan="free", status=JobStatus.QUEUED, source="video",
            input=JobInput(**given), options=OPTIONS, createdAt="",
        )  # type: ignore[arg-type]  # fmt: skip

    assert segment_coordinator.can_share_segments(job_of(key="uploads/a"))
    assert segment_coordinator.can_share_segments(job_of(url="s3://bucket/a"))
    assert not segment_coordinator.can_share_segments(job_of(url="https://example.com/a"))
    assert not segment_coordinator.can_share_segments(job_of(key="uploads/a", posesOf="job_1"))
