"""The whole way: a host's frame, an upload to the store, a real worker with the real models."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Running, StartWorker
from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import IFRAME, types, visit, without_links
from tests.page.played import jobs_of
from worker.media.probing.ffmpeg_tools import find_tools
from worker.storage.stores import Stores

pytestmark = [pytest.mark.slow, pytest.mark.models, pytest.mark.timeout(400)]
REAL_S = 240.0


def stored(running: Running, key: str, job: str) -> list[dict[str, Any]]:
    """A job's messages as the API tells them to a client of the superset."""
    found: list[dict[str, Any]] = []
    after: str | None = "0-0"
    headers = {"Authorization": f"Bearer {key}"}
    while after:
        query: dict[str, Any] = {"after": after, "limit": 1000, "edition": "superset"}
        page = httpx.get(
            f"{running.url}/v1/jobs/{job}/messages", params=query, headers=headers
        ).json()
        found += [row["message"] for row in page["messages"]]
        after = page["next"]
    return found


def test_a_video_and_a_photo_of_squats(
    tabs: Callable[..., Tab], running: Running, start_worker: StartWorker, host: Host, key: str,
    stores: Stores, tmp_path: Path,
) -> None:  # fmt: skip
    start_worker()
    three_squats(tabs(), running, host, key, stores)
    a_photo(tabs(), running, host, key, tmp_path)


def three_squats(tab: Tab, running: Running, host: Host, key: str, stores: Stores) -> None:
    """A clip with everything that a host may ask for."""
    asked = dict.fromkeys(
        ("keypoints", "angles", "progression", "recommendations", "export"), "true"
    )
    url = Site(running.url).page(key, exercise="squat", **asked)
    guest = visit(tab, IFRAME, url, host)
    guest.state("pick")
    tab.choose("#file", CLIPS / "squat_front_3.mp4", frame=guest.frame)
    tab.wait("['done', 'failed'].includes(document.querySelector('#app').dataset.state)",
             guest.frame, REAL_S)  # fmt: skip
    guest.state("done")
    got = guest.got
    (job,) = jobs_of(stores)
    told = stored(running, key, job)
    assert told[-1]["type"] == "done"
    whole = [one for one in told[:-1] if one["type"] != "keypoints_batch"]
    assert without_links([one for one in got if one["type"] != "keypoints_batch"]) == without_links(
        whole
    )
    assert types(got) == types(told[:-1])
    (batch,) = (one for one in got if one["type"] == "keypoints_batch")
    assert len(batch["frames"]) == types(got).count("keypoints") > 150
    assert guest.forms == {"string"}
    counts = [one["current_count"] for one in got if one["type"] == "counter"]
    assert counts == [1, 2, 3, 3]
    assert types(got)[-1] == "export_ready"
    assert tab.text(".total strong", guest.frame) == "3 reps"
    assert tab.run("document.querySelectorAll('.reps tbody tr').length", guest.frame) == 3
    # the skeleton lies on the man: where he squats, his knee is not in the corner of the picture
    tab.run(
        "(() => { const v = document.querySelector('#video'); v.pause(); v.currentTime = 1.65; })()",
        guest.frame,
    )
    guest.wait("Math.abs(Number(document.querySelector('#overlay').dataset.pose) - 1650) < 60")
    assert tab.console == []


def a_photo(tab: Tab, running: Running, host: Host, key: str, tmp_path: Path) -> None:
    """A frame of the clip as a photo."""
    photo = tmp_path / "squat.jpg"
    command = [find_tools().ffmpeg, "-v", "error", "-ss", "1.6", "-i", CLIPS / "squat_front_3.mp4",
               "-frames:v", "1", photo]  # fmt: skip
    subprocess.run(command, check=True)
    guest = visit(tab, IFRAME, Site(running.url).page(key, source="image", keypoints="true"), host)
    guest.state("pick")
    tab.choose("#file", photo, frame=guest.frame)
    tab.wait("document.querySelector('#app').dataset.state === 'done'", guest.frame, REAL_S)
    got = guest.got
    opening = ["initialization"] * 3 + ["environment"]
    assert types(got) == [*opening, "keypoints", "image_overlay"]
    assert got[-1]["dataUrl"].startswith("data:image/")
    assert "url" not in got[-1]
    size = tab.run("[...'wh'].map((_, n) => document.querySelector('#image')[['naturalWidth', 'naturalHeight'][n]])",
                   guest.frame)  # fmt: skip
    assert size[0] > 100 < size[1]
    assert tab.console == []
