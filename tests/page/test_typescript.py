"""The TypeScript client in node: against the API with a played worker."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from api.clients.typescript import generate
from tests.page.conftest import CLIPS, Site
from tests.page.node import find_node
from tests.page.played import next_job
from worker.contract.examples import EXAMPLES
from worker.contract.messages import Entry
from worker.storage.stores import Stores

SCRIPT = Path(__file__).with_name("clip_through.mjs")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def signed() -> dict[str, Any]:
    """A webhook's request as the system signs it."""
    body, now = (
        '{"type":"job.succeeded","timestamp":"2026-01-01","data":{"é":1}}',
        datetime.now(UTC),
    )
    signature = Webhook(SECRET).sign("msg_1", now, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())),
               "webhook-signature": f"v1,AAAA {signature}"}  # fmt: skip
    return {"secret": SECRET, "headers": headers, "body": body}


def start(server: str, key: str, file: Path, **environment: str) -> subprocess.Popen[str]:
    """The client with one clip."""
    node = find_node()
    if node is None:
        pytest.skip("no node here")
    told = {**os.environ, "WEBHOOK": json.dumps(signed()), **environment}
    command = [node, "--no-warnings", "--experimental-strip-types", SCRIPT, generate.FILE, server,
               key, file]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told)


def lines_of(client: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """What the client said; it has to end well."""
    out, _ = client.communicate(timeout=200)
    assert client.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


def test_its_types_are_those_of_the_api_and_the_messages() -> None:
    text = generate.FILE.read_text(encoding="utf-8")
    assert generate.rendered(text) == text, "run python -m api.clients.typescript.generate"


@pytest.mark.slow
def test_a_clip_and_every_kind_of_answer(site: Site, key: str, stores: Stores) -> None:
    client = start(site.address, key, CLIPS / "squat_5.mp4")
    player = next_job(stores)
    player.squat(40)
    player.squat()
    player.say(Entry("800-1", EXAMPLES["jump_height"]))
    player.finish()
    first, *rest = lines_of(client)
    assert first == {"job": player.id, "metadata": {"athlete": 17}}
    entries = [line for line in rest if "message" in line]
    done = entries.pop()
    assert (done["message"]["type"], done["message"]["status"]) == ("done", "succeeded")
    batch = [one["message"].pop("url", None) for one in entries]
    assert len(entries) == len(player.said)
    said = [{name: value for name, value in one.items() if name != "url"} for one in player.said]
    plain = [one for one in said if one["type"] != "keypoints_batch"]
    got = [one["message"] for one in entries if one["message"]["type"] != "keypoints_batch"]
    assert got == plain and batch
    assert [one["message"]["type"] for one in entries[-2:]] == ["jump_height", "jump_result"]
    assert {one["id"] for one in entries[-2:]} == {"800-1"}
    told = rest[len(entries) + 1 :]
    assert told[0] == {"status": "succeeded"}
    assert told[1]["first"] == "initialization" and told[1]["next"]
    assert told[2] == {"refused": True, "code": "invalid_exercise", "meant": "squat"}
    assert told[3] == {"event": "job.succeeded"}
    assert told[4:] == [{"wrong": "WrongSignature"}] * 3
