"""One job without infrastructure, from a recorded log."""

from __future__ import annotations

import msgspec
import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.contract.messages import Counter, encode, entry_key, type_of
from worker.contract.options import JobOptions
from worker.pipeline.local_job import LocalJob
from worker.pipeline.pipeline import Pipeline

OPTIONS = JobOptions(
    exercise="squat", keypoints=True, angles=True, progression=True, recommendations=True
)


def test_a_recorded_log_is_analysed_without_a_model(squats: list[bytes]) -> None:
    pipeline = Pipeline(None, OPTIONS, None, squats)
    with pytest.raises(RuntimeError):
        _ = pipeline.result
    steps = list(pipeline.steps())
    assert all((step.place, step.log) == (-1, b"") for step in steps)
    assert pipeline.result.count == 2
    final = [
        entry.message
        for step in steps
        for entry in step.entries
        if isinstance(entry.message, Counter) and entry.message.final
    ]
    assert [message.current_count for message in final] == [2]
    shares = [step.progress for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert max(shares[:-1]) < 1.0
    last = max(entry_key(entry.id) for step in steps for entry in step.entries)
    assert pipeline.next_id >= last[0]


@pytest.mark.parametrize("at_once", [1, 2, 3, 4])
def test_how_many_logged_chunks_are_analysed_at_once_does_not_matter(
    squats: list[bytes], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> tuple[int, list[tuple[str, bytes]]]:
        steps = list(Pipeline(None, OPTIONS, None, squats).steps())
        entries = [entry for step in steps for entry in step.entries]
        return len(steps), [(entry.id, encode(entry.message)) for entry in entries]

    few, whole = run()
    assert few == 3
    monkeypatch.setattr("worker.pipeline.pipeline.AT_ONCE", at_once)
    steps, said = run()
    assert steps == 2 + -(-3 // at_once)
    assert said == whole


def test_a_log_that_ends_early_needs_the_file(squats: list[bytes]) -> None:
    for cut, text in ((1, "ends early"), (3, "ends early"), (0, "no file")):
        with pytest.raises(JobError, match=text) as failure:
            list(Pipeline(None, OPTIONS, None, squats[:cut]).steps())
        assert failure.value.code is ErrorCode.VIDEO_LOAD_ERROR


def test_a_local_job_ends_in_done_whatever_happens(squats: list[bytes]) -> None:
    job = LocalJob(None, OPTIONS, lambda: pytest.fail("no model is needed"), recorded=squats)
    shares: list[float] = []
    said = list(job.messages(shares.append))
    assert job.succeeded
    assert encode(said[-1].message) == encode(
        type(said[-1].message)(status="succeeded", messages=len(said) - 1)  # type: ignore[call-arg]
    )
    assert shares[-1] == 1.0
    broken = LocalJob(None, OPTIONS, lambda: pytest.fail("no model"), recorded=squats[:2])
    said = list(broken.messages())
    assert not broken.succeeded
    assert [type_of(entry.message) for entry in said[-2:]] == ["error", "done"]
    places = [entry_key(entry.id) for entry in said]
    assert places == sorted(set(places))
    done = msgspec.json.decode(encode(said[-1].message))
    assert done["status"] == "failed"
    assert done["error"]["code"] == "video_load_error"
    assert done["messages"] == len(said) - 1
