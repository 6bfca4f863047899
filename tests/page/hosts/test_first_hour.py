"""Each kind of host plays its part from the page's load to the result, reloaded at any stage.

The host here is what apps are: a cover over the WebView that lifts at the first message, a counter
that reads `current_count` of whatever has one, a result screen, and a red banner for `error`. It
knows a message by its `id`; what it knows outlives the page, as an app's state does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import Guest
from tests.page.played import REPS, next_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"

APP = """
class App {
  constructor() {
    this.state = JSON.parse(sessionStorage.app ?? '{"covered":true,"ids":[],"errors":[],"exports":[],"doubled":0}');
  }
  take(given) {
    const message = typeof given === 'string' ? JSON.parse(given) : given;
    const { state } = this;
    state.covered = false;
    state.first ??= message.type;
    const known = message.id && state.ids.includes(message.id) && message.id !== '0-0';
    if (message.id) state.ids.push(message.id);
    if (known) state.doubled += 1;
    if (typeof message.current_count === 'number') state.count = message.current_count;
    if (message.type === 'exercise_summary') state.grade = message.grade;
    if (message.type === 'export_ready' && !known) state.exports.push(message.url);
    if (message.type === 'error') state.errors.push(message.code ?? message.error);
    state.last = message.type;
    sessionStorage.app = JSON.stringify(state);
  }
}
window.app = new App();
"""
REFUSE_OBJECTS = "if (typeof data !== 'string') throw new TypeError('takes a string');"
REFUSE_STRINGS = "if (typeof data === 'string') throw new TypeError('takes an object');"


@dataclass(frozen=True)
class Kind:
    """How an app hears of the page: what it puts into it, and when (ms after the load)."""

    name: str
    bridge: str
    late_ms: int | None = None
    frame: bool = False


KINDS = (
    Kind("iframe", "", frame=True),
    Kind(
        "react native",
        f"window.ReactNativeWebView = {{postMessage(data) {{ {REFUSE_OBJECTS} app.take(data); }}}};",
    ),
    Kind(
        "injected early",
        f"window.webViewCallback = (data) => {{ {REFUSE_STRINGS} app.take(JSON.stringify(data)); }};",
    ),
    Kind(
        "injected at the load",
        "window.webViewCallback = (data) => app.take(JSON.stringify(data));",
        0,
    ),
    Kind("injected late", "window.webViewCallback = (data) => app.take(data);", 1500),
    Kind(
        "ios",
        f"window.webkit = {{messageHandlers: {{iosListener: {{postMessage(data) {{ {REFUSE_OBJECTS} app.take(data); }}}}}}}};",
    ),
    Kind(
        "android",
        f"window.webViewCallback = (data) => {{ {REFUSE_STRINGS} app.take(data); }};",
        100,
    ),
)
EMBEDDER = """<!doctype html><link rel="icon" href="data:,"><body><iframe src="{src}" width="400" height="700"></iframe>
<script>{app} addEventListener('message', ({{data}}) => app.take(data));</script></body>"""
STAGES = ("never", "at the pick", "while uploading", "in mid-job", "while rendering", "at the end")


def visit(tab: Tab, kind: Kind, url: str, host: Host) -> Guest:
    """Opens the page as that app does."""
    if kind.frame:
        html = EMBEDDER.format(src=url, app=APP)
        tab.open(host.put("/app.html", "text/html", html.encode()))
        tab.wait("document.querySelector('iframe').contentWindow.length === 0")
        return Guest(tab, tab.frame("/pose_tracker/"))
    script = kind.bridge
    if kind.late_ms is not None:
        script = (
            f"addEventListener('load', () => setTimeout(() => {{ {script} }}, {kind.late_ms}));"
        )
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=f"{APP} {script}")
    tab.open(url)
    return Guest(tab)


def state(guest: Guest) -> dict[str, Any]:
    """What the app knows."""
    found: dict[str, Any] = guest.tab.run("app.state")
    return found


def reload(guest: Guest) -> None:
    """The page, or the WebView that it is, is loaded anew."""
    guest.tab.run("window.was = true; location.reload()", guest.frame)
    guest.wait("!window.was && document.readyState === 'complete'")


def ways() -> list[tuple[Kind, str]]:
    """Every stage with a frame and with a WebView; the other kinds once without and once with."""
    full = [(kind, stage) for kind in KINDS[:2] for stage in STAGES]
    return full + [(kind, stage) for kind in KINDS[2:] for stage in ("never", "at the end")]


@pytest.mark.parametrize(("kind", "stage"), ways(), ids=lambda one: getattr(one, "name", one))
def test_every_host_ends_with_the_result(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, kind: Kind, stage: str
) -> None:
    url = site.page(key, exercise="squats", export="true", keypoints="yes", skeleton="default",
                    minGrade="undefined", width="0", height="0", userExercise="x")  # fmt: skip
    guest = visit(tab, kind, url, host)
    guest.state("pick")
    # the cover lifts before anything is chosen
    tab.wait("app.state.covered === false")
    assert state(guest)["first"] == "initialization"
    if stage == "at the pick":
        reload(guest)
        guest.state("pick")
    if stage == "while uploading":
        tab.pause_requests(["*/uploads/acme/*"], lambda event: None)
        tab.choose("#file", SQUAT, frame=guest.frame)
        guest.wait("document.querySelector('#status').innerText === 'Uploading'")
        guest.tab.run("new Promise((done) => setTimeout(done, 300))")
        reload(guest)
        tab.call("Fetch.disable")
    else:
        tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(100)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    if stage == "in mid-job":
        reload(guest)
        guest.state("work")
    player.squat()
    guest.state("result")
    if stage == "while rendering":
        reload(guest)
        guest.state("result")
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    if stage == "at the end":
        tab.wait("app.state.last === 'export_ready'")
        reload(guest)
        guest.state("done")
        tab.wait("app.state.doubled >= 3")  # final counter, summary, export: known again
    tab.wait("app.state.exports.length === 1")
    end = state(guest)
    assert (end["count"], end["grade"], end["errors"]) == (REPS, "A", [])
    assert "exports/video" in end["exports"][0]
    if stage in ("never", "at the pick", "while uploading", "in mid-job"):
        assert end["doubled"] == 0
    assert len(set(end["ids"])) >= 100


@pytest.mark.parametrize("kind", [one for one in KINDS if not one.frame], ids=lambda one: one.name)
def test_a_refusal_reaches_every_bridge(
    tab: Tab, site: Site, host: Host, free_key: str, kind: Kind
) -> None:
    guest = visit(tab, kind, site.page(free_key, exercise="squat", export="true"), host)
    guest.state("failed")
    tab.wait("app.state.errors.length > 0")
    assert state(guest)["errors"] == ["developer_features_not_allowed"]
    assert state(guest)["first"] == "initialization"


def test_without_an_exercise_poses_come_on_the_free_plan(
    tab: Tab, site: Site, host: Host, free_key: str, stores: Stores
) -> None:
    guest = visit(tab, KINDS[0], site.page(free_key), host)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat()
    player.finish()
    guest.state("done")
    said = [one["type"] for one in player.said]
    assert said.count("keypoints") > 80
    assert len(set(state(guest)["ids"])) == len(said) + 1
