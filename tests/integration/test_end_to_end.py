"""An upload becomes messages and an export, seen by a client that knows API.md alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from tests.integration.conftest import (
    EVERYTHING,
    Running,
    finished,
    stream_messages,
    submit,
    wait_for_worker,
    worker_process,
)
from worker.embedded.processes import Process
from worker.media.probing.ffmpeg_tools import find_tools
from worker.settings import Settings
from worker.storage.stores import Stores


@dataclass(frozen=True)
class System:
    """A running system, and its only worker."""

    running: Running
    worker: Process


@pytest.fixture(scope="module")
def system(
    servers: Settings, models_dir: Path, api_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """What the tests of this module share: none of them harms the worker."""
    stores = Stores(servers)
    stores.redis.flushall()
    with worker_process(tmp_path_factory.mktemp("worker") / "log", EVERYTHING) as worker:
        wait_for_worker(worker, stores)
        yield System(Running(api_url, stores), worker)


def sse_messages(client: httpx.Client, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """What an EventSource reads."""
    headers = {"Accept": "text/event-stream"}
    found, entry = [], ""
    with client.stream("GET", f"/jobs/{job_id}/messages", headers=headers) as response:
        for line in response.iter_lines():
            if line.startswith("id:"):
                entry = line[3:].strip()
            elif line.startswith("data:"):
                found.append((entry, json.loads(line[5:])))
    return found


def without_urls(rows: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Links are signed anew at a read of the API, so they alone may differ."""
    return [(e, {k: v for k, v in m.items() if k not in ("url", "expiresAt")}) for e, m in rows]


def probed(file: Path) -> dict[str, Any]:
    """ffprobe's own words on a file."""
    command = [find_tools().ffprobe, "-v", "error", "-show_streams", "-of", "json", file]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {stream["codec_type"]: stream for stream in found["streams"]}


def check_order(kinds: list[str]) -> None:
    """The order of CONTRACT.md for a video."""
    assert kinds[0] == "initialization"
    assert kinds[-1] == "done"
    tail = [kind for kind in kinds if kind in ("exercise_summary", "keypoints_batch",
                                               "export_ready", "done")]  # fmt: skip
    exports = ["export_ready"] * 5  # keypoints are two files
    assert tail == ["exercise_summary", "keypoints_batch", *exports, "done"]
    assert kinds.index("environment") < min(kinds.index("keypoints"), kinds.index("angles"))


@pytest.mark.models
def test_a_video_by_the_book(system: System, walking: Path, tmp_path: Path) -> None:
    running, client = system.running, system.running.client()
    asked = ("keypoints", "angles", "progression", "recommendations")
    kinds_of_export = ["video", "keypoints", "report", "poster"]
    options = {"exercise": "squat", **dict.fromkeys(asked, True), "export": kinds_of_export}
    job = submit(client, walking, "video/mp4", options=options)
    live = sse_messages(client, job["id"])
    done = finished(client, job["id"])
    assert (done["status"], done["progress"]) == ("succeeded", 1.0)

    streamed = stream_messages(running, job["id"])
    page = client.get(f"/jobs/{job['id']}/messages", params={"limit": 1000}).json()
    listed = [(row["id"], row["message"]) for row in page["messages"]]
    assert without_urls(streamed) == without_urls(listed) == without_urls(live)
    schema = jsonschema.Draft202012Validator(client.get("/schema/messages.json").json())
    schema.check_schema(schema.schema)
    for _, message in streamed:
        schema.validate(message)
    kinds = [message["type"] for _, message in streamed]
    check_order(kinds)
    assert streamed[-1][1] == {"type": "done", "status": "succeeded", "messages": len(kinds) - 1}
    frames = [message["frameId"] for _, message in streamed if message["type"] == "keypoints"]
    assert len(frames) > 40
    assert frames == sorted(set(frames))

    again = client.post(
        f"/jobs/{job['id']}/analyze", json={"options": {**options, "export": False}}
    )
    assert again.status_code == 202, again.text
    assert finished(client, again.json()["id"])["status"] == "succeeded"
    anew = [m for _, m in without_urls(stream_messages(running, again.json()["id"]))]
    first = [m for _, m in without_urls(streamed) if m["type"] != "export_ready"]
    assert anew[:-1] == first[:-1]

    files = {one["mimeType"]: httpx.get(one["url"]).content for one in done["exports"]}
    assert [len(file) for file in files.values()] == [one["bytes"] for one in done["exports"]]
    assert {one["kind"] for one in done["exports"]} == set(kinds_of_export)
    starts = {"text/html": b"<!doc", "image/jpeg": b"\xff\xd8", "application/x-ndjson": b"{",
              "application/vnd.apache.parquet": b"PAR1"}  # fmt: skip
    assert all(files[kind].startswith(start) for kind, start in starts.items())
    out = tmp_path / "export.mp4"
    out.write_bytes(files["video/mp4"])
    streams = probed(out)
    assert streams["video"]["codec_name"] == "h264"
    assert streams["video"]["pix_fmt"] == "yuv420p"
    assert streams["audio"]["codec_name"] == "aac"


@pytest.mark.models
def test_broken_uploads_end_in_one_clear_error(
    system: System, tmp_path: Path, walking: Path
) -> None:
    client = system.running.client()
    text = tmp_path / "not.mp4"
    text.write_text("this is no video at all\n" * 40)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(walking.read_bytes()[:3000])
    for file, codes in ((text, {"media_unsupported"}), (cut, {"media_decode_error"})):
        job = submit(client, file, "video/mp4", options={"exercise": "squat"})
        done = finished(client, job["id"])
        assert done["status"] == "failed"
        assert done["error"]["code"] in codes
        rows = stream_messages(system.running, job["id"])
        assert [message["type"] for _, message in rows][-2:] == ["error", "done"]
        assert rows[-1][1]["error"]["code"] == done["error"]["code"]
    assert system.worker.running


@pytest.mark.models
def test_a_job_that_wants_a_gpu_where_none_lives_says_so(system: System, walking: Path) -> None:
    client = system.running.client()
    options = {"poseBackend": "webgl", "exercise": "squat"}
    job = submit(client, walking, "video/mp4", options=options)
    assert finished(client, job["id"])["status"] == "succeeded"
    rows = stream_messages(system.running, job["id"])
    assert "error" not in {message["type"] for _, message in rows}
    backend = next(message for _, message in rows if message["type"] == "environment")
    assert (backend["poseBackend"], backend["webgl"]) == ("wasm", False)
    assert backend["warnings"] == ["backend_fallback_cpu"]
