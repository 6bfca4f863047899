"""Every row of the contract's transport table: right route, right form, right order, once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import (
    ANDROID,
    FLUTTER,
    IFRAME,
    IOS,
    KINDS,
    NATIVE,
    NATIVE_ALL,
    NATIVE_LISTENER,
    NATIVE_REPLACED,
    Kind,
    types,
    visit,
    without_links,
)
from tests.page.played import REPS, next_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.messages import (
    Entry,
    EnvironmentMessage,
    ImageOverlay,
    Initialization,
)
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"
NAMES = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
EVERYTHING = {
    "exercise": "squat",
    **dict.fromkeys(("keypoints", "angles", "progression", "recommendations"), "true"),
}


@NAMES
def test_a_squat_clip(
    kind: Kind, tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = visit(tab, kind, site.page(key, **EVERYTHING), host)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(40)
    guest.wait_for(len(player.said))  # they come while the job runs
    player.squat()
    player.finish()
    guest.state("done")
    got = guest.got
    assert without_links(got) == without_links(player.said)
    assert guest.forms == {kind.form}
    assert "done" not in types(got)
    counts = [one["current_count"] for one in got if one["type"] == "counter"]
    assert counts == [*range(1, REPS + 1), REPS]
    (batch,) = (one for one in got if one["type"] == "keypoints_batch")
    frames = [one for one in got if one["type"] == "keypoints"]
    assert len(batch["frames"]) == len(frames) > 80  # the claim check was fetched
    assert frames[0]["data"] == frames[0]["keypoints"]
    assert tab.console == []


PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@NAMES
def test_a_photo(
    kind: Kind, tab: Tab, site: Site, host: Host, key: str, stores: Stores, tmp_path: Path
) -> None:
    guest = visit(tab, kind, site.page(key, source="image"), host)
    guest.state("pick")
    photo = tmp_path / "me.png"
    photo.write_bytes(base64.b64decode(PICTURE.partition(",")[2]))
    tab.choose("#file", photo, frame=guest.frame)
    player = next_job(stores)
    texts = ("loading image", "initializing pose model", "running")
    opening = [
        Entry(f"0-{n}", Initialization(message=text, ready=n == 3, source="image", progress=0.0))
        for n, text in enumerate(texts, 1)
    ]
    where = EnvironmentMessage(
        poseBackend="wasm", webgl=False, executionProvider="CPUExecutionProvider",
        device="cpu", model="played",
    )  # fmt: skip
    player.say(*opening, Entry("0-4", where), Entry("1-1", ImageOverlay(dataUrl=PICTURE)))
    player.finish()
    guest.state("done")
    assert guest.got == player.said
    assert types(guest.got) == ["initialization"] * 3 + ["environment", "image_overlay"]
    assert guest.forms == {kind.form}
    guest.wait("document.querySelector('#image').src.startsWith('data:image/png')")
    assert tab.console == []


@NAMES
def test_a_refusal(kind: Kind, tab: Tab, site: Site, host: Host, free_key: str) -> None:
    url = site.page(free_key, exercise="squat", keypoints="true", export="true")
    guest = visit(tab, kind, url, host)
    guest.state("failed")
    (message,) = guest.wait_for(1)
    assert message["type"] == "error"
    assert message["code"] == message["error"] == "developer_features_not_allowed"
    assert message["message"].startswith("You cannot use developer features.")
    assert message["details"] == {"blocked": ["keypoints", "export"]}
    assert guest.forms == {kind.form}
    assert "keypoints, export" in tab.text("#heading", guest.frame)


def test_a_failure_on_the_way(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    guest = visit(tab, IFRAME, site.page(key, exercise="squat"), host)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(3)
    player.finish(JobError(ErrorCode.MEDIA_DECODE_ERROR, "The file breaks off."))
    guest.state("failed")
    got = guest.got
    asked = [one for one in player.said if one["type"] != "keypoints"]
    assert types(got) == [*types(asked), "error"]
    assert got[-1]["code"] == got[-1]["error"] == "media_decode_error"
    assert "damaged" in tab.text("#heading", guest.frame)
    tab.click("#failed-actions button", guest.frame)
    guest.state("pick")


def test_only_what_was_asked_for(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """The page draws poses that the host did not ask for; the host gets none of them."""
    guest = visit(tab, IFRAME, site.page(key, exercise="squat"), host)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    options = stores.jobs.get(player.id).options
    assert (options.keypoints, options.progression) == (True, True)
    assert (options.angles, options.recommendations, options.export) == (False, False, False)
    player.squat()
    player.finish()
    guest.state("done")
    own = {"keypoints", "keypoints_batch", "progression"}
    assert {one["type"] for one in player.said} >= own
    expected = [one for one in player.said if one["type"] not in own]
    assert guest.got == expected


def test_the_free_plan_gets_no_wishes(
    tab: Tab, site: Site, host: Host, free_key: str, stores: Stores
) -> None:
    guest = visit(tab, IFRAME, site.page(free_key, exercise="squat"), host)
    guest.state("pick")
    tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    options = stores.jobs.get(player.id).options
    assert (options.keypoints, options.progression) == (False, False)
    player.squat()
    player.finish()
    guest.state("done")
    assert guest.got == player.said
    assert tab.text("#totals", guest.frame).startswith(f"{REPS} reps")


def test_messages_go_to_allowed_embedders_alone(
    tabs: Callable[..., Tab], strict_site: Site, host: Host, key: str
) -> None:
    allowed = tabs()
    guest = visit(allowed, IFRAME, strict_site.page(None), host)
    (message,) = guest.wait_for(1)
    assert message["code"] == "missing_token"
    assert set(allowed.run("window.origins")) == {strict_site.address}
    # the same host under another name is another origin: the browser does not show the page
    stranger = tabs()
    stranger.open(f"{host.address.replace('127.0.0.1', 'localhost')}/embed.html")
    stranger.wait("true")
    assert any("frame-ancestors" in text for text in stranger.console), stranger.console
    assert stranger.run("window.got") == []


@pytest.mark.parametrize("present", [("callback", "ios"), ("ios",), ()])
def test_the_order_in_which_routes_are_picked(
    tabs: Callable[..., Tab], site: Site, host: Host, stores: Stores, present: tuple[str, ...]
) -> None:
    """A frame whose window has bridges beside its parent: one route gets the message."""
    bridges = {
        "callback": "window.webViewCallback = () => taken.push('callback');",
        "ios": "window.webkit = {messageHandlers: {iosListener: {postMessage() { taken.push('ios'); }}}};",
    }
    script = f"window.taken = []; {' '.join(bridges[name] for name in present)}"
    guest = visit(
        tabs(script=f"if (window !== parent) {{ {script} }}"), IFRAME, site.page(None), host
    )
    guest.state("failed")
    if present:
        guest.wait("window.taken.length > 1")
        # behind it in the same queue: what the page had posted would have come
        guest.tab.run("parent.postMessage('{\"type\": \"mark\"}', '*')", guest.frame)
    guest.wait_for(1)
    assert types(guest.heard) == (["mark"] if present else ["initialization", "error"])
    assert guest.tab.run("window.taken", guest.frame) == 2 * list(present[:1])


def test_every_row_of_the_contracts_table_is_played(shared: Path) -> None:
    text = (shared / "CONTRACT.md").read_text().split("## Transport")[1].split("\n## ")[0]
    table = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    rows = {cells[0].strip().split()[0]: cells for cells in table[2:]}
    played = {"browser": (IFRAME, NATIVE_LISTENER, NATIVE_REPLACED), "iOS": (IOS,),
              "React": (NATIVE,), "Android": (ANDROID, FLUTTER, NATIVE_ALL)}  # fmt: skip
    assert set(rows) == set(played)
    for first, kinds in played.items():
        assert {f"**{kind.form}**" in rows[first][2] for kind in kinds} == {True}, rows[first]
        assert set(kinds) <= set(KINDS)
