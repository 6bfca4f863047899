"""`blazepose=true` on real people: 33 landmarks with depth in the messages, resumed alike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from worker.contract.errors import JobError
from worker.contract.landmarks import MEDIAPIPE_NAMES
from worker.contract.messages import Keypoints, Message, encode, entry_key
from worker.contract.options import JobOptions
from worker.contract.poses import decode_chunk, decode_head
from worker.exports.overlay_image import render_image
from worker.media.decoding.still import read_still
from worker.pipeline import frame_chunks
from worker.pipeline.pipeline import Pipeline
from worker.pose.engine import PoseEngine

pytestmark = pytest.mark.models
OPTIONS = JobOptions(exercise="squat", keypoints=True, angles=True, blazepose=True)
Run = tuple[list[tuple[str, bytes]], list[bytes]]


def run(pipeline: Pipeline, recorded: Iterable[bytes] = (), stop_after: int | None = None) -> Run:
    """Messages and log of a run; it ends behind `stop_after` log entries."""
    said, log = [], list(recorded)
    for step in pipeline.steps():
        said += [(entry.id, encode(entry.message)) for entry in step.entries]
        log += [step.log] if step.log else []
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


def of_type(whole: Run, kind: str) -> list[dict[str, Any]]:
    """The messages of a type, as a client reads them."""
    messages = [json.loads(data) for _, data in whole[0]]
    return [message for message in messages if message["type"] == kind]


def test_messages_say_all_landmarks(whole: Run) -> None:
    said = of_type(whole, "keypoints")
    assert len(said) > 40
    for message in said:
        assert [joint["name"] for joint in message["keypoints"]] == list(MEDIAPIPE_NAMES)
        for joint in message["keypoints"]:
            assert set(joint) == {"name", "x", "y", "z", "score"}
            assert 0 <= joint["score"] <= 1 and -0.5 <= joint["x"] < 1.5 and -4 <= joint["z"] < 4
        assert any(joint["z"] != 0 for joint in message["keypoints"])
        world = np.array(message["world"])
        assert world.shape == (33, 3)
        head, heels = world[0], world[[29, 30]].mean(axis=0)
        assert 1.0 < np.linalg.norm(head - heels) < 2.2  # metres, whatever the picture's size
        assert head[1] < 0 < heels[1]  # y points down from the hips
    (batch,) = of_type(whole, "keypoints_batch")
    assert len(batch["frames"]) == len(said)
    for frame, message in zip(batch["frames"], said, strict=True):
        assert {key: message[key] for key in frame} == frame
    assert of_type(whole, "environment")[0]["model"] == "nanodet_person+blazepose_full"
    assert of_type(whole, "angles") and of_type(whole, "exercise_summary")


def test_messages_fit_their_types(whole: Run) -> None:
    decoder = msgspec.json.Decoder(Keypoints)
    for message in of_type(whole, "keypoints")[:5]:
        decoded = decoder.decode(json.dumps(message))
        assert json.loads(encode(decoded)) == message
    definitions = msgspec.json.schema(Message)["$defs"]
    assert "world" not in definitions["Keypoints"]["required"]


def test_the_log_says_what_it_holds(whole: Run) -> None:
    assert decode_head(whole[1][0]).keypoints == 33
    chunk = decode_chunk(whole[1][1])
    assert chunk.keypoints.shape[1:] == (33, 7)
    places = [entry_key(entry_id) for entry_id, _ in whole[0]]
    assert places == sorted(set(places))


def test_a_run_that_stops_and_is_resumed_says_the_same(
    walking: Path, models_dir: Path, engine: PoseEngine, whole: Run
) -> None:
    """Whatever the size that the one who goes on would choose for a new job."""
    begun, log = run(Pipeline(walking, OPTIONS, engine), stop_after=3)
    assert log == whole[1][:3]
    assert whole[0][: len(begun)] == begun
    other = PoseEngine(models_dir, "cpu", threads=2, blazepose="lite")
    assert run(Pipeline(walking, OPTIONS, other, log), recorded=log) == whole
    assert run(Pipeline(None, OPTIONS, None, whole[1]), recorded=whole[1]) == whole


def test_who_lacks_the_model_does_not_go_on_with_another(
    walking: Path, models_dir: Path, tmp_path: Path, whole: Run
) -> None:
    for name in ("nanodet_person.onnx", "movenet_thunder.onnx"):
        (tmp_path / name).symlink_to((models_dir / name).resolve())
    bare = PoseEngine(tmp_path, "cpu")
    for log in ([], whole[1][:3]):
        with pytest.raises(JobError, match="posequeue models install"):
            run(Pipeline(walking, OPTIONS, bare, log), recorded=log)


def test_an_image_has_them_too(photo: Path, engine: PoseEngine) -> None:
    options = JobOptions(source="image", keypoints=True, blazepose=True)
    said, log = run(Pipeline(photo, options, engine))
    (message,) = of_type((said, log), "keypoints")
    assert [joint["name"] for joint in message["keypoints"]] == list(MEDIAPIPE_NAMES)
    assert len(message["world"]) == 33
    image = read_still(photo).image
    plain = render_image(image, log, JobOptions(source="image", skeleton=False))
    assert render_image(image, log, options).dataUrl != plain.dataUrl


def test_others_have_seventeen_and_no_metres(photo: Path, engine: PoseEngine) -> None:
    whole = run(Pipeline(photo, JobOptions(source="image", keypoints=True), engine))
    message = of_type(whole, "keypoints")[0]
    assert len(message["keypoints"]) == 17 and "world" not in message
    assert all(joint["z"] == 0 for joint in message["keypoints"])
