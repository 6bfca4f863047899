"""The firehose consumer of api/README.md, as it stands there, with its processes killed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.storage.factories import counters, new_job
from worker.settings import Settings
from worker.storage.stores import Stores

README = Path(__file__).resolve().parents[2] / "api" / "README.md"
Start = Callable[..., subprocess.Popen[str]]


def consumer() -> str:
    """The program of api/README.md."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    found = [block for block in blocks if "xreadgroup" in block]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts the program, changed by `change`, writing to a file that is common to all."""
    started: list[subprocess.Popen[str]] = []

    def run(name: str, change: Callable[[str], str] = str) -> subprocess.Popen[str]:
        path = tmp_path / f"{name}.py"
        path.write_text(change(consumer()))
        environment = {
            **os.environ,
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "NAME": name,
            "IDLE_MS": "300",
        }
        with (tmp_path / "heard").open("a") as heard:
            process = subprocess.Popen(
                [sys.executable, str(path)], stdout=heard, env=environment, text=True
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def speak(stores: Stores, jobs: int, messages: int) -> set[str]:
    """Jobs that say counters; what a consumer is to hear of them."""
    said = set()
    for _ in range(jobs):
        job = new_job(stores)
        token = stores.leases.claim(job.id).token
        stores.leases.commit(job.id, token, counters(1, messages))
        said |= {f"{job.id} {n}-1 counter" for n in range(1, messages + 1)}
    return said


def heard(folder: Path) -> list[str]:
    """What the consumers printed, less the turns of the jobs."""
    return [
        line for line in (folder / "heard").read_text().splitlines() if line.endswith(" counter")
    ]


def wait_for(ready: Callable[[], bool], seconds: float = 20) -> None:
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def test_nothing_is_lost_though_it_is_killed_twice(
    stores: Stores, start: Start, tmp_path: Path
) -> None:
    slow = "import time\n"

    def slowly(program: str) -> str:
        return slow + program.replace("    print(job", "    time.sleep(0.005)\n    print(job")

    said = speak(stores, 8, 100)
    for _ in range(2):
        process = start("one", slowly)
        before = len(heard(tmp_path))
        wait_for(lambda before=before: len(heard(tmp_path)) > before + 50)  # type: ignore[misc]
        process.kill()
        process.wait()
    assert len(set(heard(tmp_path))) < len(said)
    start("two")
    said |= speak(stores, 2, 10)
    wait_for(lambda: set(heard(tmp_path)) == said)


def test_what_fails_five_times_is_set_aside_alone(
    stores: Stores, start: Start, tmp_path: Path
) -> None:
    def choking(program: str) -> str:
        program = program.replace("block=1000", "block=50")
        return program.replace("    print(job", '    assert id != "3-1"\n    print(job')

    said = speak(stores, 1, 5)
    start("one", choking)
    wait_for(lambda: stores.redis.xlen("billing:dead") == 1)
    assert set(heard(tmp_path)) == {line for line in said if " 3-1 " not in line}
    [(_, fields)] = stores.redis.xrange("billing:dead")
    assert fields[b"id"] == b"3-1"
    streams = stores.redis.keys("pq:firehose:*")
    assert sum(stores.redis.xpending(stream, "billing")["pending"] for stream in streams) == 0
