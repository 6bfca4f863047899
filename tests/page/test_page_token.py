"""The page with a page token in its address: it does its own job, and knows of nothing else."""

from __future__ import annotations

import httpx
import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import IFRAME, visit, without_links
from tests.page.played import next_job
from worker.contract.jobs import JobStatus
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"


def test_a_token_is_enough_for_a_video_and_for_nothing_else(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    with (
        httpx.Client(base_url=f"{site.address}/v1", headers=bearer(key)) as tenant,
        httpx.Client(base_url=f"{site.address}/v1") as page,
    ):
        body = {"input": {"url": f"{host.address}/other.mp4"}, "options": {"exercise": "squat"}}
        other = tenant.post("/jobs", json=body).json()["id"]
        token = tenant.post("/page-tokens", json={}).json()["token"]
        page.headers.update(bearer(token))
        guest = visit(tab, IFRAME, site.page(token, exercise="squat", keypoints="true"), host)
        guest.state("pick")
        tab.choose("#file", SQUAT, frame=guest.frame)
        player = next_job(stores, 1)
        mine = player.id
        player.squat(40)
        guest.wait_for(5)  # they come while the job runs
        player.squat()
        player.export(SQUAT.read_bytes())
        player.finish()
        guest.state("done")
        assert tab.text(".total strong", guest.frame) == "3 reps"
        asked = [one for one in player.said if one["type"] != "progression"]
        assert without_links(guest.got) == without_links(asked)
        assert tab.console == []

        assert page.get(f"/jobs/{mine}").json()["status"] == JobStatus.SUCCEEDED
        whole = ("/jobs", "/usage", "/webhooks", "/batches", "/references")
        for path in whole:
            assert page.get(path).json()["code"] == "insufficient_scope", path
        assert page.post("/page-tokens", json={}).status_code == 403
        for path in (f"/jobs/{other}", f"/jobs/{other}/messages"):
            assert page.get(path).status_code == 404, path
        assert page.delete(f"/jobs/{other}").status_code == 404
        # the tenant sees both
        assert {one["id"] for one in tenant.get("/jobs").json()["jobs"]} == {mine, other}


def test_a_token_whose_key_was_revoked_is_refused_as_a_wrong_one(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    maker = stores.keys.find(key)
    assert maker is not None
    token, _ = stores.keys.create_page_token(maker, 3600)
    stores.keys.revoke(maker.keyId)
    guest = visit(tab, IFRAME, site.page(token, exercise="squat"), host)
    guest.state("failed")
    (message,) = guest.wait_for(1)
    assert message["code"] == message["error"] == "invalid_token"
    assert message["message"].startswith("Invalid params.")
    assert tab.text("#failed-help", guest.frame) != ""


def bearer(key: str) -> dict[str, str]:
    """The header that a key goes in."""
    return {"Authorization": f"Bearer {key}"}
