"""A reference made from a real clip by a real worker, and a job that is measured by it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Running, StartWorker, finished, submit
from worker.media.probing.ffmpeg_tools import find_tools


def uploaded(client: httpx.Client, file: Path) -> str:
    """An upload's id."""
    data = file.read_bytes()
    wanted = {"filename": file.name, "contentType": "video/mp4", "bytes": len(data)}
    upload = client.post("/uploads", json=wanted).json()
    assert httpx.put(upload["url"], content=data, headers=upload["headers"]).status_code == 200
    return str(upload["id"])


def settled(client: httpx.Client, reference_id: str) -> dict[str, Any]:
    """The reference once it is ready or failed."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        reference: dict[str, Any] = client.get(f"/references/{reference_id}").json()
        if reference["status"] != "processing":
            return reference
        time.sleep(0.1)
    raise AssertionError(f"{reference_id} is still processing")


def gone(running: Running, prefix: str) -> bool:
    """Whether everything below `prefix` was erased within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not list(running.stores.objects.list_keys(prefix)):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.models
def test_a_real_squat_as_a_reference(
    running: Running, start_worker: StartWorker, shared: Path, tmp_path: Path
) -> None:
    start_worker()
    client = running.client("reference-tenant")
    clip = shared / "media" / "videos" / "dev01_squat_side_3reps.mp4"
    one = tmp_path / "one.mp4"
    cut = ["-v", "error", "-ss", "3.3", "-t", "2.2", "-i", str(clip), "-an", str(one)]
    subprocess.run([find_tools().ffmpeg, *cut], check=True)
    upload = uploaded(client, one)
    body = {"input": {"uploadId": upload}, "name": "coach"}
    made = client.post("/references", json=body).json()
    ready = settled(client, made["id"])
    assert ready["status"] == "ready", ready
    assert 1000 < ready["durationMs"] < 2200
    assert gone(running, f"uploads/reference-tenant/{upload}")
    assert gone(running, "jobs/reference-tenant/")

    job = submit(client, clip, "video/mp4", options={"reference": made["id"]})
    done = finished(client, job["id"])
    assert done["status"] == "succeeded"
    assert done["result"]["count"] == 3
    assert done["result"]["avgScore"] > 85
    assert client.delete(f"/references/{made['id']}").status_code == 204
