"""Hosts as apps in the wild are: blocked storage, sandboxes, hidden frames, mutating listeners."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import Guest, types
from tests.page.played import REPS, Player, next_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"

NO_STORAGE = """
for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
  Object.defineProperty(window, name, {get() { throw new DOMException(name, 'SecurityError'); }});
}
"""
FULL_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };
"""
PRIVATE_MODE = """
IDBFactory.prototype.open = function () {
  const request = new EventTarget();
  setTimeout(() => { request.error = new Error('private'); request.onerror?.(); }, 0);
  return request;
};
"""
NEVER_OPENS = "IDBFactory.prototype.open = () => new EventTarget();"
OLD_WEBVIEW = """
for (const [owner, name] of [[Element.prototype, 'replaceChildren'], [Array.prototype, 'at'],
  [String.prototype, 'toWellFormed'], [HTMLVideoElement.prototype, 'requestVideoFrameCallback'],
  [window, 'structuredClone'], [crypto.__proto__, 'randomUUID'],
  [AbortSignal.prototype, 'reason'], [AbortSignal, 'any'], [AbortSignal, 'timeout']]) delete owner[name];
"""
TAKES_ALL = (
    "window.got = []; addEventListener('message', ({data}) => got.push(['', JSON.parse(data)]));"
)
LATE = f"window.got = []; setTimeout(() => {{ {TAKES_ALL} window.listening = true; }}, 1500);"
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
EMBEDDER = """<!doctype html><link rel="icon" href="data:,"><body><script>{script}</script>
<iframe id="pose" src="{src}" {attributes} width="400" height="700"></iframe></body>"""


def embedded(
    tab: Tab, host: Host, url: str, attributes: str = "", script: str = TAKES_ALL
) -> Guest:
    """The page in an iframe of a site."""
    html = EMBEDDER.format(src=url, attributes=attributes, script=script)
    tab.open(host.put("/app.html", "text/html", html.encode()))
    return Guest(tab, tab.frame("/pose_tracker/"))


def played_through(guest: Guest, stores: Stores, known: int = 0) -> Player:
    """A file is chosen, its job played, its result and download shown."""
    guest.state("pick")
    guest.tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores, known)
    player.squat(60)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    assert guest.tab.text(".total strong", guest.frame) == f"{REPS} reps"
    return player


def check(got: list[dict[str, Any]]) -> None:
    """What every host is to know at the end."""
    assert [one["current_count"] for one in got if one["type"] == "counter"] == [1, 2, 3, 3]
    assert [one["grade"] for one in got if one["type"] == "exercise_summary"] == ["A"]
    assert types(got).count("export_ready") == 1
    assert "error" not in types(got)


@pytest.mark.parametrize(
    ("attributes", "script", "within"),
    [
        ('sandbox="allow-scripts"', TAKES_ALL, ""),
        ('sandbox="allow-scripts allow-same-origin allow-downloads"', TAKES_ALL, ""),
        ("", TAKES_ALL, NO_STORAGE),
        ("", TAKES_ALL, FULL_STORAGE),
        ("", TAKES_ALL, PRIVATE_MODE),
        ("", TAKES_ALL, NEVER_OPENS),
        ("", TAKES_ALL, OLD_WEBVIEW),
        ('style="display: none"', TAKES_ALL, ""),
        ('referrerpolicy="no-referrer" credentialless', TAKES_ALL, ""),
        ("", LATE, ""),
    ],
    ids=["sandbox", "sandbox-same-origin", "no-storage", "full-storage", "private", "never-opens",
         "old", "hidden", "credentialless", "late-listener"],
)  # fmt: skip
def test_a_frame(
    tabs: Callable[..., Tab], site: Site, host: Host, key: str, stores: Stores,
    attributes: str, script: str, within: str,
) -> None:  # fmt: skip
    tab = tabs(script=f"if (window !== parent) {{ {within} }}" if within else None)
    url = site.page(key, exercise="squat", export="true")
    guest = embedded(tab, host, url, attributes, script)
    if script is LATE:
        tab.wait("window.listening")
    if "display: none" in attributes:
        guest.state("pick")
        guest.tab.choose("#file", SQUAT, frame=guest.frame)
        player = next_job(stores)
        player.squat()
        player.export(SQUAT.read_bytes())
        player.finish()
        guest.state("done")
    else:
        played_through(guest, stores)
    check(guest.got)
    assert [text for text in tab.console if "icon.svg" not in text] == []


@pytest.mark.parametrize("scheme", ["blob", "srcdoc", "data"])
def test_a_frame_in_a_frame_of_another_scheme(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, scheme: str
) -> None:
    """As builders of pages and previews frame it."""
    src = site.page(key, exercise="squat", export="true").replace("&", "&amp;")
    # a frame of data: has an origin of its own, and what it hears stays there
    listener = TAKES_ALL if scheme == "data" else TAKES_ALL.replace("got.push", "top.told")
    app = EMBEDDER.format(src=src, attributes="", script=listener)
    into = {
        "blob": "frame.src = URL.createObjectURL(new Blob([text], {type: 'text/html'}))",
        "srcdoc": "frame.srcdoc = text",
        "data": "frame.src = 'data:text/html;base64,' + btoa(text)",
    }[scheme]
    tab.open(host.put("/app.html", "text/html", f"""<link rel=icon href=data:,><body><script>
        window.got = []; window.told = (one) => got.push(one);
        const text = atob('{base64.b64encode(app.encode()).decode()}');
        const frame = document.createElement('iframe'); [frame.width, frame.height] = [500, 800];
        {into}; document.body.append(frame);</script>""".encode()))  # fmt: skip
    guest = Guest(tab, tab.frame("/pose_tracker/"))
    played_through(guest, stores)
    if scheme != "data":
        check(guest.got)
    assert tab.console == []


def test_an_app_of_local_files(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, tmp_path: Path
) -> None:
    """As Cordova and Electron apps frame it. Such a frame is another process, which no test drives:
    its media comes by address."""
    clip = host.put("/squat.mp4", "video/mp4", SQUAT.read_bytes())
    src = site.page(key, exercise="squat", export="true", videoSrc=clip).replace("&", "&amp;")
    app = tmp_path / "app.html"
    app.write_text(EMBEDDER.format(src=src, attributes="", script=TAKES_ALL))
    tab.open(app.as_uri())
    player = next_job(stores)
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    tab.wait("window.got.some(([, one]) => one.type === 'export_ready')")
    check(Guest(tab).got)


def test_a_site_that_isolates_itself(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """As sites with shared memory do (COEP, HTML standard 7.1.4): frames have to agree."""
    host.headers = {
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Content-Security-Policy": f"frame-src {site.address}",
    }
    guest = embedded(tab, host, site.page(key, exercise="squat", export="true"))
    played_through(guest, stores)
    check(guest.got)
    assert tab.run("crossOriginIsolated")
    assert tab.console == []


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
