"""Frames as sites in the wild make them: blocked storage, sandboxes, hidden, nested, isolated."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.page.browser import Tab
from tests.page.conftest import Host, Site
from tests.page.hosts import Guest
from tests.page.hosts.embedding import EMBEDDER, SQUAT, TAKES_ALL, check, embedded, played_through
from tests.page.played import next_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
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
LATE = f"window.got = []; setTimeout(() => {{ {TAKES_ALL} window.listening = true; }}, 1500);"


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
