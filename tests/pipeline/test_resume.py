"""On real people: a run that was stopped and resumed is the undisturbed one, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from worker.contract.messages import encode, entry_key
from worker.contract.options import JobOptions
from worker.contract.pose_log import END
from worker.contract.poses import decode_head
from worker.pipeline import frame_chunks
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine

pytestmark = pytest.mark.models
OPTIONS = JobOptions(
    exercise="squat", keypoints=True, angles=True, progression=True, recommendations=True
)
Said = list[tuple[str, bytes]]
Run = tuple[Said, list[bytes]]


def run(pipeline: Pipeline, recorded: Iterable[bytes] = (), stop_after: int | None = None) -> Run:
    """Messages and log of a run; it ends behind `stop_after` log entries."""
    said: Said = []
    log = list(recorded)
    for step in pipeline.steps():
        said += [(entry.id, encode(entry.message)) for entry in step.entries]
        if not step.log:
            assert step.place == -1
            continue
        assert step.place == len(log)
        log.append(step.log)
        if len(log) == stop_after:
            break
    return said, log


@pytest.fixture(scope="module", autouse=True)
def _short_chunks() -> Iterator[None]:
    """Half a second, so that a short clip has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_chunks, "CHUNK_SECONDS", 0.5)
        yield


@pytest.fixture(scope="module")
def whole(walking: Path, engine: PoseEngine) -> Run:
    return run(Pipeline(walking, OPTIONS, engine))


def test_an_undisturbed_run(whole: Run) -> None:
    said, log = whole
    places = [entry_key(entry_id) for entry_id, _ in said]
    assert places == sorted(set(places))
    kinds = [json.loads(data)["type"] for _, data in said]
    assert kinds[:2] == ["initialization", "environment"]
    assert kinds[-2:] == ["exercise_summary", "keypoints_batch"]
    assert kinds.count("keypoints") > 40
    assert len(log) >= 6
    assert log[-1] == END
    assert decode_head(log[0]).media.kind == "video"


def test_a_run_that_stops_and_is_resumed_says_the_same(
    walking: Path, models_dir: Path, engine: PoseEngine, whole: Run
) -> None:
    begun, log = run(Pipeline(walking, OPTIONS, engine), stop_after=3)
    assert log == whole[1][:3]
    assert whole[0][: len(begun)] == begun
    other = PoseEngine(models_dir, "cpu", threads=2)
    assert run(Pipeline(walking, OPTIONS, other, log), recorded=log) == whole


def test_a_log_whose_end_alone_is_missing(walking: Path, engine: PoseEngine, whole: Run) -> None:
    log = whole[1][:-1]
    assert run(Pipeline(walking, OPTIONS, engine, log), recorded=log) == whole


def test_other_options_need_neither_media_nor_model(whole: Run) -> None:
    assert run(Pipeline(None, OPTIONS, None, whole[1]), recorded=whole[1]) == whole
    fewer, _ = run(Pipeline(None, JobOptions(keypoints=True), None, whole[1]), whole[1])
    wanted = b'{"type":"keypoints",'
    assert [data for _, data in fewer if data.startswith(wanted)] == [
        data for _, data in whole[0] if data.startswith(wanted)
    ]
