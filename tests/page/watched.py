"""A page whose video is watched: what a test does with it and reads of it."""

from __future__ import annotations

import math
from typing import Any

from tests.page.browser import Tab
from tests.page.conftest import CLIPS
from tests.page.hosts import Guest
from tests.page.played import Player, next_job
from worker.storage.stores import Stores

SQUAT = CLIPS / "squat_5.mp4"


def watched(tab: Tab, url: str, stores: Stores) -> tuple[Guest, Player]:
    """A page whose video is uploaded and whose job has begun."""
    tab.open(url)
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    tab.wait("document.querySelector('#video').readyState >= 2")
    return guest, next_job(stores)


def finished(tab: Tab, url: str, stores: Stores) -> Player:
    """The same with the squats said to the end."""
    guest, player = watched(tab, url, stores)
    player.squat()
    player.finish()
    guest.state("done")
    return player


def seek(tab: Tab, ms: float) -> None:
    """Moves the video and waits until the moment is drawn."""
    tab.run(
        f"(() => {{ const v = document.querySelector('#video'); v.pause(); v.currentTime = {ms / 1000}; }})()"
    )
    tab.wait(f"""(() => {{ const v = document.querySelector('#video');
      return !v.seeking && Math.abs(v.currentTime - {ms / 1000}) < 0.05 }})()""")


def rounded(value: float) -> int:
    """As the page's Math.round has it, up from a half."""
    return math.floor(value + 0.5)


def of_type(player: Player, kind: str) -> list[dict[str, Any]]:
    """Messages of a type."""
    return [one for one in player.said if one["type"] == kind]


def shown(tab: Tab) -> dict[str, Any]:
    """What the panel says."""
    found: dict[str, Any] = tab.run("""(() => { const $ = (id) => document.getElementById(id);
      return {count: $('hud').hidden ? null : Number($('hud-count').innerText),
        grade: $('hud-grade').hidden ? '' : $('hud-grade').innerText,
        bar: $('hud-bar').hidden ? null : Number(getComputedStyle($('hud-bar')).getPropertyValue('--share')),
        hint: $('hint').hidden ? '' : $('hint-text').innerText}; })()""")
    return found
