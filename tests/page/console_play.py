"""A console in the browser: entering it, and a job that it lists."""

from __future__ import annotations

import httpx

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Site
from tests.page.played import Player, next_job
from worker.contract.errors import JobError
from worker.storage.stores import Stores

SQUAT = CLIPS / "squat_5.mp4"
READY = "document.querySelector('#exercise').value === 'squat'"


def signed_in(tab: Tab, site: Site, key: str) -> Tab:
    """The console with a key."""
    tab.open(f"{site.address}/#key={key}")
    tab.wait(READY)
    return tab


def played(
    site: Site, key: str, stores: Stores, known: int = 0, error: JobError | None = None
) -> Player:
    """A job that is over, of a tenant that had `known` before."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{site.address}/v1", headers=headers, verify=False) as client:
        body = {"input": {"url": "https://media.example/a.mp4"}, "options": {"exercise": "squat"}}
        assert client.post("/jobs", json=body).status_code == 202
    player = next_job(stores, known)
    player.squat()
    player.finish(error)
    return player
