"""The Python client, both forms, against the real API and an unreliable one."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.client import AsyncPoseQueue, PoseQueue, Refused, operations
from api.routes import uploads
from tests.api.api_play import Actor
from worker.contract.messages import Counter
from worker.storage.objects import presigning
from worker.storage.objects import uploads as stored
from worker.storage.stores import Stores


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 100)
    return path


def play(stores: Stores, job_id: str) -> None:
    """The worker's part of a job."""
    actor = Actor(stores, job_id)
    actor.say(*((f"{n}-1", Counter(current_count=n)) for n in (1, 2)))
    actor.finish()


def test_upload_submit_follow_wait(reach: tuple[str, str], stores: Stores, clip: Path) -> None:
    with PoseQueue(*reach) as queue:
        upload = queue.upload(clip)
        assert stores.objects.get(stores.uploads.get(upload, "acme").key) == clip.read_bytes()
        job = queue.submit(upload, {"exercise": "squat"}, metadata={"athlete": 17})
        threading.Timer(0.2, play, (stores, job["id"])).start()
        heard = list(queue.follow(job["id"]))
        assert [entry_id for entry_id, _ in heard] == ["1-1", "2-1", "2-2"]
        done = queue.wait(job["id"], 5)
        assert (done["status"], done["metadata"]) == ("succeeded", {"athlete": 17})
        assert list(queue.follow(job["id"], "2-1")) == heard[2:]
        page = queue.messages(job["id"], limit=1)
        assert [row["id"] for row in page["messages"]] == ["1-1"] and page["next"] == "1-1"


def test_the_same_in_an_event_loop(reach: tuple[str, str], stores: Stores, clip: Path) -> None:
    async def live() -> None:
        async with AsyncPoseQueue(*reach) as queue:
            job = await queue.submit(await queue.upload(clip), {"exercise": "squat"})
            threading.Timer(0.2, play, (stores, job["id"])).start()
            heard = [found async for found in queue.follow(job["id"])]
            assert [entry_id for entry_id, _ in heard] == ["1-1", "2-1", "2-2"]
            assert (await queue.wait(job["id"], 5))["status"] == "succeeded"
            assert len((await queue.messages(job["id"]))["messages"]) == 3
            with pytest.raises(Refused) as caught:
                await queue.job("job_unknown")
            assert (caught.value.status, caught.value.code) == (404, "not_found")

    asyncio.run(live())


def test_parts(
    reach: tuple[str, str], stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # S3 takes no part below 5 MiB but the last
    size, part = (11 << 20) + 7, 5 << 20
    for place in (presigning, stored, uploads):
        monkeypatch.setattr(place, "PART_BYTES", part, raising=False)
        monkeypatch.setattr(place, "SINGLE_PUT_BYTES", part, raising=False)
    path = tmp_path / "long.mp4"
    path.write_bytes(b"0123456789abcdef" * (size // 16) + b"0123456")
    with PoseQueue(*reach) as queue:
        upload = queue.upload(path)
    assert stores.objects.get(stores.uploads.get(upload, "acme").key) == path.read_bytes()


def test_refusals(reach: tuple[str, str]) -> None:
    with PoseQueue(*reach) as queue, pytest.raises(Refused) as caught:
        queue.submit("upl_unknown", {"exercise": "nothing"})
    assert caught.value.status == 422
    assert (caught.value.code, caught.value.details["exercise"]) == ("invalid_exercise", "nothing")
    with PoseQueue(reach[0], "pq_wrong") as queue, pytest.raises(Refused) as caught:
        queue.job("job_1")
    assert caught.value.code == "invalid_token"


@pytest.fixture
def moody() -> Iterator[Callable[[list[int | None]], tuple[str, list[str]]]]:
    """Makes a server that answers with the given statuses in turn, None breaking the connection,
    then for ever with 202; gives its address and the Idempotency-Keys that it saw."""
    servers: list[ThreadingHTTPServer] = []

    def make(script: list[int | None]) -> tuple[str, list[str]]:
        seen: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                seen.append(self.headers["Idempotency-Key"])
                self.rfile.read(int(self.headers["Content-Length"]))
                status = script.pop(0) if script else 202
                if status is None:
                    self.connection.close()
                    return
                body = json.dumps({"id": "job_1", "code": "rate_limited"}).encode()
                self.send_response(status)
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}", seen

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_submit_is_tried_again_with_the_same_key(
    moody: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "PAUSE_S", 0.01)
    address, seen = moody([503, None, 429])
    with PoseQueue(address, "pq_x") as queue:
        assert queue.submit("upl_1")["id"] == "job_1"
    assert len(seen) == 4 and len(set(seen)) == 1


def test_what_time_does_not_mend_is_not_tried_again(moody: Any) -> None:
    address, seen = moody([422])
    with PoseQueue(address, "pq_x") as queue, pytest.raises(Refused):
        queue.submit("upl_1")
    address, more = moody([None])
    with PoseQueue(address, "pq_x") as queue, pytest.raises(httpx.TransportError):
        queue.call("POST", "/jobs/job_1/analyze", json={})
    assert (len(seen), len(more)) == (1, 1)
