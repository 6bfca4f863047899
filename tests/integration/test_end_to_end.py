"""An upload becomes messages and an export, seen by a client that knows API.md alone."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import redis
from PIL import Image

from tests.integration.conftest import Running, StartWorker, finished, submit
from worker.media.probing.ffmpeg_tools import find_tools


def stream_messages(url: str, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """What a consumer with nothing but Redis reads."""
    client = redis.Redis.from_url(url, decode_responses=True)
    rows = client.xread({f"pq:{{{job_id}}}:messages": "0"})
    entries = next(iter(rows.values()))[0] if isinstance(rows, dict) else rows[0][1]
    assert all(fields["type"] == json.loads(fields["data"])["type"] for _, fields in entries)
    return [(entry, json.loads(fields["data"])) for entry, fields in entries]


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


def descendants(pid: int) -> list[int]:
    """Processes that it started, and those that they did."""
    found = [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    ]
    return found + [one for child in found for one in descendants(child)]


def is_template(pid: int) -> bool:
    """Whether a process is there from which decoders of pictures are forked."""
    try:
        return b"still_process.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


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
def test_a_video_by_the_book(
    running: Running, start_worker: StartWorker, walking: Path, tmp_path: Path
) -> None:
    start_worker()
    client = running.client()
    asked = ("keypoints", "angles", "progression", "recommendations")
    kinds_of_export = ["video", "keypoints", "report", "poster"]
    options = {"exercise": "squat", **dict.fromkeys(asked, True), "export": kinds_of_export}
    job = submit(client, walking, "video/mp4", options=options)
    live = sse_messages(client, job["id"])
    done = finished(client, job["id"])
    assert (done["status"], done["progress"]) == ("succeeded", 1.0)

    streamed = stream_messages(running.stores.settings.redis_url.get_secret_value(), job["id"])
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
    url = running.stores.settings.redis_url.get_secret_value()
    anew = [m for _, m in without_urls(stream_messages(url, again.json()["id"]))]
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
def test_an_image_job_speaks_once_and_draws_upright(
    running: Running, start_worker: StartWorker, photo: Path
) -> None:
    worker = start_worker()
    client = running.client()
    options = {"source": "image", "keypoints": True, "angles": True}
    job = submit(client, photo, "image/jpeg", options=options)
    assert finished(client, job["id"])["status"] == "succeeded"
    rows = stream_messages(running.stores.settings.redis_url.get_secret_value(), job["id"])
    kinds = [message["type"] for _, message in rows]
    opening = ["initialization"] * 3 + ["environment"]
    assert kinds == [*opening, "keypoints", "angles", "image_overlay", "done"]
    overlay = next(message for _, message in rows if message["type"] == "image_overlay")
    whole = overlay if "dataUrl" in overlay else httpx.get(overlay["url"]).json()
    head, _, data = whole["dataUrl"].partition(",")
    assert head in ("data:image/jpeg;base64", "data:image/png;base64")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    stored = Image.open(photo)
    assert image.size == stored.size[::-1]
    assert image.getexif().get(0x0112, 1) == 1
    joints = next(message for _, message in rows if message["type"] == "keypoints")["keypoints"]
    place = {joint["name"]: joint["y"] for joint in joints}
    assert place["nose"] < place["left_hip"] < place["left_ankle"]

    (template,) = [pid for pid in descendants(worker.pid) if is_template(pid)]
    worker.stop()
    end = time.monotonic() + 30
    while is_template(template):  # it notices by itself
        assert time.monotonic() < end, "the template outlives its worker"
        time.sleep(0.02)


@pytest.mark.models
def test_broken_uploads_end_in_one_clear_error(
    running: Running, start_worker: StartWorker, tmp_path: Path, walking: Path
) -> None:
    worker = start_worker()
    client = running.client()
    text = tmp_path / "not.mp4"
    text.write_text("this is no video at all\n" * 40)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(walking.read_bytes()[:3000])
    for file, codes in ((text, {"media_unsupported"}), (cut, {"media_decode_error"})):
        job = submit(client, file, "video/mp4", options={"exercise": "squat"})
        done = finished(client, job["id"])
        assert done["status"] == "failed"
        assert done["error"]["code"] in codes
        rows = stream_messages(running.stores.settings.redis_url.get_secret_value(), job["id"])
        assert [message["type"] for _, message in rows][-2:] == ["error", "done"]
        assert rows[-1][1]["error"]["code"] == done["error"]["code"]
    assert worker.running


@pytest.mark.models
def test_a_job_that_wants_a_gpu_where_none_lives_says_so(
    running: Running, start_worker: StartWorker, walking: Path
) -> None:
    start_worker()
    client = running.client()
    options = {"poseBackend": "webgl", "exercise": "squat"}
    job = submit(client, walking, "video/mp4", options=options)
    assert finished(client, job["id"])["status"] == "succeeded"
    rows = stream_messages(running.stores.settings.redis_url.get_secret_value(), job["id"])
    assert "error" not in {message["type"] for _, message in rows}
    backend = next(message for _, message in rows if message["type"] == "environment")
    assert (backend["poseBackend"], backend["webgl"]) == ("wasm", False)
    assert backend["warnings"] == ["backend_fallback_cpu"]
