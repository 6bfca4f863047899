"""A site with the page in a frame, and a job from the choice of its file to its end."""

from __future__ import annotations

from typing import Any

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host
from tests.page.hosts import Guest, types
from tests.page.played import REPS, Player, next_job
from worker.storage.stores import Stores

SQUAT = CLIPS / "squat_5.mp4"

TAKES_ALL = (
    "window.got = []; addEventListener('message', ({data}) => got.push(['', JSON.parse(data)]));"
)
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
