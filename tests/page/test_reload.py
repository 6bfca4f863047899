"""A reload or a lost connection costs the host no message and gives it none twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import IFRAME, Guest, known_again, types, visit, without_links
from tests.page.played import REPS, Player, jobs_of, next_job
from tests.page.watched import shown, watched
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"
ASKED = {"exercise": "squat", "keypoints": "true", "progression": "true"}


def begin(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> tuple[Guest, Player]:
    """A host whose frame has a job that is half done."""
    guest = visit(tab, IFRAME, site.page(key, **ASKED), host)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(30)
    guest.wait_for(30)
    return guest, player


def kept(guest: Guest) -> list[dict[str, Any]]:
    """The job's messages in a host that knows ids it has."""
    messages = known_again([one for one in guest.heard if one["id"] != "0-0"])
    return without_links([{k: v for k, v in one.items() if k != "id"} for one in messages])


def reload_frame(guest: Guest) -> None:
    """The page reloads itself; its host lives on."""
    guest.tab.run("window.was = true; location.reload()", guest.frame)
    guest.wait("!window.was && document.readyState === 'complete'")


def test_a_reload_goes_on_with_the_same_job(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest, player = begin(tab, site, host, key, stores)
    reload_frame(guest)
    guest.state("work")
    player.squat(30)
    guest.wait_for(60)
    reload_frame(guest)
    reload_frame(guest)
    player.squat()
    reload_frame(guest)
    player.finish()
    guest.state("done")
    assert kept(guest) == without_links(player.said)
    assert len(jobs_of(stores)) == 1
    assert tab.text("#totals", guest.frame).startswith("3 reps")


def test_a_result_that_is_reloaded_is_shown_and_told_again(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest, player = begin(tab, site, host, key, stores)
    player.squat()
    player.finish()
    guest.state("done")
    assert without_links(guest.got) == without_links(player.said)
    told = len(guest.got)
    reload_frame(guest)
    guest.state("done")
    assert tab.text("#totals", guest.frame).startswith("3 reps")
    assert kept(guest) == without_links(player.said)
    # a host that was reloaded with it has the result all the same
    again = guest.got[told:]
    assert types(again) == ["counter", "exercise_summary"]
    assert (again[0]["final"], again[1]["counter"]) == (True, 3)


def test_a_reload_under_a_running_stream(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """Messages come without a pause while the page reloads again and again."""
    guest, player = begin(tab, site, host, key, stores)
    for _ in range(12):
        player.squat(9)
        guest.wait("(location.reload(), true)")
    player.squat()
    player.finish()
    guest.state("done")
    assert without_links(guest.got) == without_links(player.said)


def test_a_host_that_makes_its_frame_anew_goes_on(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest, player = begin(tab, site, host, key, stores)
    tab.run("""(() => { const old = document.querySelector('iframe'); const anew =
      document.createElement('iframe'); anew.src = old.src; old.replaceWith(anew); })()""")
    tab.wait("window.frames.length === 1")
    guest = Guest(tab, tab.frame("/pose_tracker/"))
    guest.state("work")
    player.squat()
    player.finish()
    guest.state("done")
    assert without_links(guest.got) == without_links(player.said)
    # once it is over, a new frame is for a new file
    tab.run("""(() => { const old = document.querySelector('iframe'); const anew =
      document.createElement('iframe'); anew.src = old.src; old.replaceWith(anew); })()""")
    Guest(tab, tab.frame("/pose_tracker/")).state("pick")


def test_two_frames_of_one_address_have_a_job_each(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest, player = begin(tab, site, host, key, stores)
    tab.run("document.body.append(document.querySelector('iframe').cloneNode())")
    tab.wait("window.frames.length === 2")
    tree = tab.call("Page.getFrameTree")["frameTree"]["childFrames"]
    second = Guest(tab, next(f["frame"]["id"] for f in tree if f["frame"]["id"] != guest.frame))
    second.state("pick")
    player.squat()
    player.finish()
    guest.state("done")
    second.state("pick")


def test_a_connection_that_breaks_is_resumed(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest, player = begin(tab, site, host, key, stores)
    cut: list[str] = []

    def handle(event: dict[str, Any]) -> None:
        request = event["request"]
        if len(cut) < 3:
            cut.append(request["headers"].get("Last-Event-ID", ""))
            tab.call(
                "Fetch.failRequest", requestId=event["requestId"], errorReason="ConnectionReset"
            )
        else:
            tab.call("Fetch.continueRequest", requestId=event["requestId"])

    tab.pause_requests(["*/messages*"], handle)
    reload_frame(guest)
    player.squat()
    player.finish()
    guest.state("done")
    assert len(cut) == 3
    assert without_links(guest.got) == without_links(player.said)


def test_offline_and_back(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    guest, player = begin(tab, site, host, key, stores)
    tab.offline(True)
    player.squat(30)
    guest.wait("!document.querySelector('#connection').hidden")
    assert "Connection lost" in tab.text("#connection", guest.frame)
    tab.offline(False)
    player.squat()
    player.finish()
    guest.wait("document.querySelector('#connection').hidden")
    guest.state("done")
    assert without_links(guest.got) == without_links(player.said)


def test_the_key_is_in_the_address_for_a_moment_only(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = tabs()
    tab.open(site.page(key, **ASKED))
    guest = Guest(tab)
    guest.state("pick")
    assert key not in tab.run("location.href")
    tab.run("window.was = true; location.reload()")
    tab.wait("!window.was")
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat()
    player.finish()
    guest.state("done")
    with_key = [url for url in tab.requests if key in url]
    assert len(with_key) == 1, with_key  # the navigation that brought it
    assert {url.split("/")[2] for url in tab.requests if url.startswith("http")} == {
        site.address.split("/")[2],
        str(stores.settings.s3_endpoint).split("/")[2],
    }


FORGETFUL = "Object.defineProperty(window, 'indexedDB', {value: undefined});"


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_after_a_reload_the_result_is_shown_over_its_video(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, kept: bool
) -> None:
    """The file that the browser keeps; where it keeps none, the export."""
    tab = tabs(still=True, script="" if kept else FORGETFUL)
    guest, player = watched(tab, site.page(key, exercise="squat", export="true"), stores)
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    tab.run("window.was = true; location.reload()")
    tab.wait("!window.was")
    guest.state("done")
    tab.wait("document.querySelector('#video').videoWidth > 0")
    source = tab.run("document.querySelector('#video').src")
    assert source.startswith("blob:") if kept else "exports/video" in source
    # not "0 reps": nobody has played it yet; the export has everything drawn into it
    assert shown(tab)["count"] == (REPS if kept else None)
    assert tab.text(".total strong") == f"{REPS} reps"


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_reload_in_mid_job_shows_the_video_or_a_still(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, kept: bool
) -> None:
    tab = tabs(script="" if kept else FORGETFUL)
    guest, player = watched(tab, site.page(key, exercise="squat"), stores)
    player.squat(60)
    if not kept:
        tab.wait("Object.values(sessionStorage).some((one) => one.includes('data:image/jpeg'))")
    tab.run("window.was = true; location.reload()")
    tab.wait("!window.was")
    guest.state("work")
    if kept:
        tab.wait("document.querySelector('#video').videoWidth > 0")
    else:
        tab.wait("document.querySelector('#video').poster.startsWith('data:image/jpeg')")
    assert tab.run("getComputedStyle(document.querySelector('#video')).display") == "block"
    player.squat()
    player.finish()
    guest.state("done")


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_reload_in_the_middle_of_the_upload(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, kept: bool
) -> None:
    tab = tabs(script="" if kept else FORGETFUL)
    tab.open(site.page(key, exercise="squat"))
    guest = Guest(tab)
    guest.state("pick")
    tab.pause_requests(["*/uploads/acme/*"], lambda event: None)  # the upload never ends
    tab.choose("#file", SQUAT)
    guest.wait("document.querySelector('#status').innerText === 'Uploading'")
    tab.run("new Promise((done) => setTimeout(done, 300))")
    tab.run("window.was = true; location.reload()")
    tab.wait("!window.was && document.readyState === 'complete'")
    tab.call("Fetch.disable")
    if kept:
        next_job(stores).finish()
        guest.state("done")
    else:
        guest.state("pick")
        assert "interrupted" in tab.text("#interrupted")
        tab.choose("#file", SQUAT)
        assert next_job(stores)
