"""A reload after the job is over: the same end is shown, and the host can have it once more."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import FLUTTER, IFRAME, Guest, types, visit
from tests.page.played import REPS, jobs_of, next_job
from tests.page.test_hosts import PICTURE
from worker.contract.errors import ErrorCode, JobError
from worker.contract.messages import Entry, ImageOverlay
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"


def begun(tab: Tab, site: Site, host: Host, key: str, **params: str) -> Guest:
    """A host's frame, ready for a file."""
    guest = visit(tab, IFRAME, site.page(key, **params), host)
    guest.state("pick")
    return guest


def reload(guest: Guest) -> None:
    """The page reloads itself; its host lives on."""
    guest.tab.run("window.was = true; location.reload()", guest.frame)
    guest.wait("!window.was && document.readyState === 'complete'")


def test_a_failure(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    guest = begun(tab, site, host, key, exercise="squat")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(30)
    player.finish(JobError(ErrorCode.MEDIA_DECODE_ERROR, "The file breaks off."))
    guest.state("failed")
    heading = tab.text("#heading", guest.frame)
    told = len(guest.heard)
    for _ in range(2):
        reload(guest)
        guest.state("failed")
        assert tab.text("#heading", guest.frame) == heading
    again = guest.heard[told:]
    assert types(again) == ["error", "error"]
    assert len({one["id"] for one in again}) == 1
    # and a way out of it
    tab.click("#failed-actions button", guest.frame)
    guest.state("pick")
    reload(guest)
    guest.state("pick")
    assert len(jobs_of(stores)) == 1


def test_a_cancel(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    guest = begun(tab, site, host, key, exercise="squat")
    tab.choose("#file", SQUAT, frame=guest.frame)
    guest.wait("document.querySelector('#status').innerText.startsWith('Waiting')")
    tab.click("#cancel", guest.frame)
    guest.state("failed")
    reload(guest)
    guest.state("failed")
    assert "canceled" in tab.text("#failed-code", guest.frame)


def test_a_photo(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, tmp_path: Path
) -> None:
    photo = tmp_path / "me.png"
    photo.write_bytes(base64.b64decode(PICTURE.partition(",")[2]))
    guest = begun(tab, site, host, key, source="image")
    tab.choose("#file", photo, frame=guest.frame)
    player = next_job(stores)
    player.say(Entry("1-1", ImageOverlay(dataUrl=PICTURE)))
    player.finish()
    guest.state("done")
    reload(guest)
    guest.state("done")
    guest.wait("document.querySelector('#image').src.startsWith('data:image/png')")
    assert tab.run("document.querySelector('#image').alt", guest.frame)
    assert tab.text(".total strong", guest.frame) == "Analysis finished"
    assert types(guest.got) == ["image_overlay", "image_overlay"]


def test_the_second_file(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    """What is shown again is the last one."""
    guest = begun(tab, site, host, key, exercise="squat")
    tab.choose("#file", SQUAT, frame=guest.frame)
    next_job(stores).finish()
    guest.state("done")
    tab.click("#again", guest.frame)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    second = next_job(stores, 1)
    second.squat(30)
    reload(guest)
    guest.state("work")
    second.squat()
    second.finish()
    guest.state("done")
    reload(guest)
    guest.state("done")
    assert tab.text(".total strong", guest.frame) == f"{REPS} reps"
    assert len(jobs_of(stores)) == 2


def test_back_and_forward(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    """Over another page of the app, without a frame."""
    guest = visit(tab, FLUTTER, site.page(key, exercise="squat"), host)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat()
    player.finish()
    guest.state("done")
    other = host.put("/other.html", "text/html", b"<link rel=icon href=data:,><p>other")
    tab.open(other)
    for _ in range(2):
        tab.run("void setTimeout(() => history.back())")
        tab.wait("location.pathname !== '/other.html' && document.readyState === 'complete'")
        guest.state("done")
        assert tab.text(".total strong") == f"{REPS} reps"
        tab.run("void setTimeout(() => history.forward())")
        tab.wait("location.pathname === '/other.html'")
    assert len(jobs_of(stores)) == 1
