"""A photo becomes one set of messages and an overlay, in a process forked off a template."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.integration.conftest import Running, StartWorker, finished, stream_messages, submit


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


@pytest.mark.models
def test_an_image_job_speaks_once_and_draws_upright(
    running: Running, start_worker: StartWorker, photo: Path
) -> None:
    worker = start_worker()
    client = running.client()
    options = {"source": "image", "keypoints": True, "angles": True}
    job = submit(client, photo, "image/jpeg", options=options)
    assert finished(client, job["id"])["status"] == "succeeded"
    rows = stream_messages(running, job["id"])
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
