"""The examples of README.md and api/README.md as they stand there, against a running system.

Addresses, keys and ids alone are put in; the page's snippets are in tests/page/hosts.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from posequeue_client import verify_webhook

from api.clients.typescript import generate
from tests.integration.conftest import Running, StartWorker
from tests.integration.hostile import until
from tests.integration.receivers import Receiver, good
from tests.page.node import find_node
from worker.contract.plans import Plan

ROOT = Path(__file__).resolve().parents[2]
SERVER = "http://127.0.0.1:8080"
ELSEWHERE = "https://pose.example.com"
CLIP = "tests/clips/squat_5.mp4"
EVENTS = {"initialization", "environment", "counter", "exercise_summary", "done"}


def example(language: str, holding: str = "", file: str = "README.md") -> str:
    """The only block of a language in a README that has a text in it."""
    text = (ROOT / file).read_text()
    [block] = [
        found
        for found in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
        if holding in found
    ]
    return str(block)


@pytest.fixture
def folder(running: Running, start_worker: StartWorker, tmp_path: Path) -> Path:
    """A folder in which a key and the clip lie where the README has them."""
    start_worker("pose.cpu")
    made = tmp_path / "project"
    (made / ".posequeue").mkdir(parents=True)
    key = running.stores.keys.create("acme", Plan.DEVELOPER)
    (made / ".posequeue" / "key").write_text(key)
    (made / CLIP).parent.mkdir(parents=True)
    (made / CLIP).symlink_to(ROOT / CLIP)
    return made


def run(command: list[str], folder: Path) -> list[str]:
    """The lines that a program prints, which must succeed."""
    environment = {**os.environ, "PYTHONPATH": ""}  # the client is installed by itself
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def put_in(program: str, **values: str) -> str:
    """The program with each text that stands for a value replaced by it, once."""
    for text, value in values.items():
        assert program.count(text) == 1, text
        program = program.replace(text, value)
    return program


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_clip_through_every_client(
    running: Running, start_worker: StartWorker, folder: Path
) -> None:
    key = (folder / ".posequeue" / "key").read_text()
    receiver = Receiver(good)
    start_worker("webhooks", wait=False)
    if not shutil.which("curl") or not shutil.which("jq"):
        pytest.skip("the examples for curl need curl and jq, which are not here")

    def curl(program: str) -> list[str]:
        auth = f'URL={running.url}/v1; AUTH="Authorization: Bearer {key}"; {program}'
        return run(["bash", "-euo", "pipefail", "-c", auth], folder)

    values = {"https://app.example.com/hooks": receiver.url}
    [answer] = curl(put_in(example("bash", "/webhooks", "api/README.md"), **values))
    hook = json.loads(answer)

    program = folder / "example.py"
    program.write_text(put_in(example("python"), **{SERVER: running.url}))
    lines = run([sys.executable, str(program)], folder)
    assert {line.split()[1] for line in lines[:-1]} >= EVENTS
    assert ast.literal_eval(lines[-1])["count"] == 5

    lines = run(["bash", "-euo", "pipefail", "-c",
                 put_in(example("bash"), **{SERVER: running.url})], folder)  # fmt: skip
    last = lines.index("{")
    assert {f"event: {kind}" for kind in EVENTS} <= set(lines[:last])
    assert json.loads("".join(lines[last:]))["count"] == 5

    headers = {"Authorization": f"Bearer {key}"}
    job = httpx.get(f"{running.url}/v1/jobs", headers=headers).json()["jobs"][0]["id"]
    assert typescript(running, key, folder) == ["1", "2", "3", "4", "5", "5"]
    assert {line.split()[1] for line in websocket(running, key, job, folder)} >= EVENTS
    assert {line.split()[1] for line in redis_alone(running, job, folder)} >= EVENTS
    [line] = a_batch(running, key, folder)
    assert line.split()[1] == "succeeded"
    [answer] = curl(example("bash", "/page-tokens", "api/page/README.md"))
    page_token = {"Authorization": f"Bearer {json.loads(answer)['token']}"}
    asked = httpx.get(f"{running.url}/pose_tracker/options?exercise=squat", headers=page_token)
    assert asked.json()["options"] == {"exercise": "squat"}

    until(lambda: len(succeeded(receiver)) == 4, "a webhook for each job", 60)
    assert job in succeeded(receiver)
    for heard in receiver.taken:
        assert verify_webhook(hook["secret"], heard.headers, heard.body)
    receiver.stop()


def succeeded(receiver: Receiver) -> set[str]:
    """The jobs whose success the receiver heard of."""
    events = [heard.event for heard in receiver.taken]
    return {event["data"]["id"] for event in events if event["type"] == "job.succeeded"}


def node(*arguments: str) -> list[str]:
    """The command for a node that is new enough."""
    program = find_node()
    if program is None:
        pytest.skip("no node here")
    return [program, "--no-warnings", *arguments]


def typescript(running: Running, key: str, folder: Path) -> list[str]:
    """The example in TypeScript with the clip as its `file`."""
    shutil.copy(generate.FILE, folder / "posequeue.ts")
    text = put_in(
        example("ts", "queue.follow", "api/README.md"), **{ELSEWHERE: running.url, "pq_…": key}
    )
    opening = f'import {{ openAsBlob }} from "node:fs";\nconst file = await openAsBlob("{CLIP}");\n'
    (folder / "example.ts").write_text(opening + text)
    return run(node("--experimental-strip-types", "example.ts"), folder)


def websocket(running: Running, key: str, job: str, folder: Path) -> list[str]:
    """The example in JavaScript; the socket's end ends it."""
    server = f"ws://{urlsplit(running.url).netloc}"
    values = {"wss://pose.example.com": server, "job_…": job, "pq_…": key}
    (folder / "socket.mjs").write_text(
        put_in(example("js", "WebSocket", "api/README.md"), **values)
    )
    return run(node("socket.mjs"), folder)


def a_batch(running: Running, key: str, folder: Path) -> list[str]:
    """The example of a batch, over a folder of one clip."""
    (folder / "clips").mkdir()
    (folder / "clips" / "squat_5.mp4").symlink_to(ROOT / CLIP)
    program = folder / "batch.py"
    values = {SERVER: running.url, "pq_…": key}
    program.write_text(put_in(example("python", "submit_batch", "api/README.md"), **values))
    return run([sys.executable, str(program)], folder)


def redis_alone(running: Running, job: str, folder: Path) -> list[str]:
    """The consumer that needs only Redis, until it has printed `done`."""
    url = running.stores.settings.redis_url.get_secret_value()
    text = put_in(example("python", "client.xread(", "api/README.md"),
                  **{"redis.Redis(": f'redis.Redis.from_url("{url}", ', "job_…": job})  # fmt: skip
    program = folder / "consumer.py"
    program.write_text(text)
    process = subprocess.Popen([sys.executable, "-u", program], stdout=subprocess.PIPE, text=True)
    lines: list[str] = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if line.split()[1] == "done":
            break
    process.kill()
    process.wait()
    return lines
