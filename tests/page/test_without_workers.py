"""Nobody who could do a job is there: its record, its page and the console say so within 10 s."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import httpx
import pytest

from tests.integration.conftest import Running, StartWorker
from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Site
from tests.page.played import jobs_of
from worker.storage.stores import Stores

pytestmark = [pytest.mark.slow, pytest.mark.models, pytest.mark.timeout(400)]
WITHIN_S = 10.0
REAL_S = 120.0
STATUS = "document.querySelector('#status').innerText"
WAITS = f"{STATUS}.includes('is not running')"
QUEUE = "document.querySelector('#queue').innerText"


def test_no_worker_then_one_that_is_killed(
    tabs: Callable[..., Tab], running: Running, start_worker: StartWorker, key: str, stores: Stores
) -> None:
    page, console = tabs(), tabs()
    console.open(f"{running.url}/#key={key}")
    page.open(Site(running.url).page(key, exercise="squat"))
    page.wait("document.querySelector('#app').dataset.state === 'pick'")
    page.choose("#file", CLIPS / "squat_5.mp4")
    started = time.monotonic()
    told_in_time(started, page, console, running, key, stores)

    worker = start_worker()
    page.wait(f"{STATUS}.startsWith('Analys') && document.querySelector('#progress').value > 0.1",
              timeout_s=REAL_S)  # fmt: skip
    console.wait(f"!{QUEUE}.includes('pose.cpu')")
    os.killpg(worker.pid, signal.SIGKILL)
    told_in_time(time.monotonic(), page, console, running, key, stores)

    start_worker()
    page.wait("document.querySelector('#app').dataset.state === 'done'", timeout_s=REAL_S)
    assert page.text(".total strong") == "5 reps"


def told_in_time(
    since: float, page: Tab, console: Tab, running: Running, key: str, stores: Stores
) -> None:
    """Record, page and console say that no worker is there, in time from `since`; a slow machine,
    on which one look takes long, has longer."""
    headers = {"Authorization": f"Bearer {key}"}

    def recorded() -> bool:
        jobs = jobs_of(stores)
        answer = jobs and httpx.get(f"{running.url}/v1/jobs/{jobs[-1]}", headers=headers).json()
        return bool(answer) and "queue_without_workers" in answer["warnings"]

    looks: dict[str, Callable[[], bool]] = {
        "record": recorded,
        "page": lambda: bool(page.run(WAITS)),
        "console": lambda: "pose.cpu" in console.run(QUEUE),
    }
    seconds: dict[str, float] = {}
    slowest = 0.0
    while len(seconds) < len(looks) and time.monotonic() - since < 4 * WITHIN_S:
        for name, look in looks.items():
            begun = time.monotonic()
            if name not in seconds and look():
                seconds[name] = time.monotonic() - since
            slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.1)
    print(seconds, slowest)
    assert set(seconds) == set(looks)
    assert max(seconds.values()) < WITHIN_S + 4 * slowest, (seconds, slowest)
