"""Hosts as apps in the wild are: mutating listeners, broken bridges, away and back, odd addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.page.browser import Tab
from tests.page.conftest import Host, Site
from tests.page.hosts import Guest, types
from tests.page.hosts.embedding import SQUAT, TAKES_ALL, check, embedded, played_through
from tests.page.played import REPS, next_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
CHANGES_WHAT_IT_GETS = """
window.got = [];
window.webViewCallback = (message) => {
  got.push([typeof message, JSON.parse(JSON.stringify(message))]);
  for (const joint of message.keypoints ?? []) joint.x = joint.y = -1;
  for (const rep of message.history ?? []) rep.startMs = 1e9;
  message.history?.reverse();
  if (message.type === 'exercise_summary') message.counter = 99;
};
"""
THROWS = """
window.got = [];
window.webViewCallback = (message) => { got.push(['', message]); throw new Error(message.type); };
"""
REJECTS = """
window.got = [];
window.webViewCallback = async (message) => { got.push(['', message]); await null; throw 1; };
"""
BROKEN_BRIDGES = """
window.got = [];
Object.defineProperty(window, 'webViewCallback', {get() { throw new Error('not yet'); }});
window.webkit = {get messageHandlers() { throw new Error('never'); }};
window.ReactNativeWebView = Object.freeze({
  postMessage(text) { got.push(['', JSON.parse(text)]); return Promise.reject(1); } });
"""


@pytest.mark.parametrize(
    "script", [CHANGES_WHAT_IT_GETS, THROWS, REJECTS, BROKEN_BRIDGES],
    ids=["mutates", "throws", "rejects", "broken"],
)  # fmt: skip
def test_a_callback(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, script: str
) -> None:
    tab = tabs(script=script)
    tab.open(site.page(key, exercise="squat", export="true", keypoints="true"))
    player = played_through(Guest(tab), stores)
    check(Guest(tab).got)
    # what the host does with its messages changes nothing here
    (summary,) = (one for one in player.said if one["type"] == "exercise_summary")
    starts = [f"0:{rep['startMs'] / 1000:04.1f}" for rep in summary["history"]]
    assert tab.run("[...document.querySelectorAll('.jump')].map((one) => one.innerText)") == starts
    tab.run("document.querySelector('.jump').click()")
    tab.wait("document.querySelector('#overlay').dataset.pose > 0")


def test_two_files_one_after_the_other(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """A host that knows a message by its id takes the second file's for new ones."""
    guest = embedded(tab, host, site.page(key, exercise="squat", export="true"))
    played_through(guest, stores)
    first = guest.heard
    tab.click("#again", guest.frame)
    played_through(guest, stores, known=1)
    second = guest.heard[len(first) :]
    check([one for one in second if one["id"] != "0-0"])
    assert second[0]["type"] == "initialization"
    ids = [{one["id"] for one in part if one["id"] != "0-0"} for part in (first, second)]
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize("framed", [True, False])
def test_away_and_back(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, framed: bool
) -> None:
    """A host that navigates away in mid-job and comes back finds the job going on."""
    url = site.page(key, exercise="squat", export="true")
    if framed:
        guest = embedded(tab, host, url)
    else:
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=TAKES_ALL.replace("'message'", "'x'")
                 + "window.ReactNativeWebView = {postMessage(data) { got.push(['', JSON.parse(data)]); }};")  # fmt: skip
        tab.open(url)
        guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(60)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    tab.open(host.put("/other.html", "text/html", b"<link rel=icon href=data:,><p>other"))
    player.squat()
    tab.run("void setTimeout(() => history.back())")
    tab.wait("location.pathname !== '/other.html' && document.readyState === 'complete'")
    if framed:
        guest = Guest(tab, tab.frame("/pose_tracker/"))
    guest.state("result")
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    finals = [one for one in guest.got if one["type"] == "counter" and one.get("final")]
    assert [one["current_count"] for one in finals] == [REPS]
    assert types(guest.got).count("export_ready") == 1


def test_in_the_background(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    """A page that the system froze goes on where it was."""
    guest = embedded(tab, host, site.page(key, exercise="squat", export="true"))
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(60)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    tab.call("Page.setWebLifecycleState", state="frozen")
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    tab.call("Page.setWebLifecycleState", state="active")
    guest.state("done")
    check(guest.got)


@pytest.mark.parametrize(
    "query",
    [
        "exercise=Squat%20", "exercise=SQUATS&width=0&height=0", "exercise=face_squat&skeleton=default",
        "exercise=squat&exercise=squat", "exercise=side-squat&keypoints=undefined&lang=xx-YY",
        "exercise=squat&minGrade=E&poseBackend=webgpu&userHeightCm=NaN&difficulty=insane",
        "exercise=squat&width=undefined&height=null&uploadButtonPosition=nowhere&objectFit=zoom",
        "exercise=squat&amp;width=400&amp;minGrade=B", "exercise=squat&&=&a&%00=%FF&showUpload=true&source=VIDEO&android=1",
    ],
)  # fmt: skip
def test_odd_addresses(tab: Tab, site: Site, key: str, query: str) -> None:
    for path in ("upload_tracking", "upload_tracking/"):
        tab.open(f"{site.address}/pose_tracker/{path}?token=%20{key}%20&{query}")
        Guest(tab).state("pick")
        assert tab.text("#heading") == "Squat"
    assert tab.console == []
