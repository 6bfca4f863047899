"""Nothing that matters is out of view, whatever frame a host gives and whatever sizes it asks for.

By geometry, in each state: POSEQUEUE_PICTURES=FOLDER keeps a screenshot of every combination.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Site
from tests.page.hosts import Guest
from tests.page.played import next_job
from tests.page.test_hosts import PICTURE
from worker.contract.errors import ErrorCode, JobError
from worker.contract.messages import Entry, ImageOverlay
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"

FRAMES = (
    (320, 240), (350, 350), (480, 300), (320, 568), (390, 844), (844, 390), (768, 600),
    (1000, 240), (1280, 800),
)  # fmt: skip
"""Width and height in CSS pixels: the smallest, hosts' squares, phones upright and turned, desks."""

ADDRESSES: dict[str, dict[str, str]] = {
    "no sizes": {},
    "a square": {"width": "350", "height": "350"},
    "a phone's screen": {"width": "390", "height": "844"},
    "a box": {"width": "480px", "height": "300px", "objectFit": "cover"},
    "all of it": {"width": "100%", "height": "100%", "containerMinHeight": "100%"},
    "a container": {"containerMaxWidth": "600", "containerMaxHeight": "75%", "height": "900"},
    "a low container": {"containerMinHeight": "350", "containerMaxHeight": "400px"},
}
SEEN = {
    "pick": ("#pick-label",),
    "work": ("#status", "#progress", "#cancel"),
    "result": (".total strong", ".total .grade", "#status", "#progress", "#cancel"),
    "done": (".total strong", ".total .grade", "#download a"),
    "nothing counted": (
        ".total strong",
        "#download a",
        "#why li:first-child",
        "#why li:last-child",
    ),
    "photo": (".total strong", "#again"),
    "failed": ("#heading", "#failed-help", "#failed-actions button"),
}
"""What has to be in view in a state of the page."""

OUT_OF_VIEW = """(selectors) => selectors.filter((selector) => {
  const element = document.querySelector(selector);
  const box = element.getBoundingClientRect();
  let [left, top, right, bottom] = [0, 0, innerWidth, innerHeight];
  for (let up = element.parentElement; up; up = up.parentElement) {
    if (getComputedStyle(up).overflowY === 'visible') continue;
    const cut = up.getBoundingClientRect();
    [left, top] = [Math.max(left, cut.left), Math.max(top, cut.top)];
    [right, bottom] = [Math.min(right, cut.right), Math.min(bottom, cut.bottom)];
  }
  const inside = box.width > 0 && box.height > 0 && box.left >= left - 1 && box.top >= top - 1 &&
    box.right <= right + 1 && box.bottom <= bottom + 1;
  const front = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !(inside && (element.contains(front) || front?.contains(element)));
})"""


def check(tab: Tab, state: str, address: str) -> list[Any]:
    """What is out of view in any frame, with the frame; the picture has its part of it."""
    wrong: list[Any] = []
    for width, height in FRAMES:
        tab.resize(width, height)
        tab.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        missing = tab.run(f"({OUT_OF_VIEW})({list(SEEN[state])})")
        if missing:
            wrong.append((state, address, (width, height), missing))
        if state not in ("pick", "failed"):
            box = tab.run("document.querySelector('#screen').getBoundingClientRect().toJSON()")
            least = min(40, 0.11 * height)  # a container of 75 % of the lowest frame has 180 px
            words = tab.run("document.querySelector('.side').getBoundingClientRect().toJSON()")
            beside = box["right"] <= words["left"] or box["bottom"] <= words["top"]
            if box["bottom"] > height + 1 or box["height"] < least or not beside:
                wrong.append((state, address, (width, height), "picture", box, words))
        if folder := os.environ.get("POSEQUEUE_PICTURES"):
            name = f"{state}-{address.replace(' ', '_')}-{width}x{height}.png"
            tab.picture(Path(folder) / name)
    return wrong


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_that_matters_is_out_of_view(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, address: str
) -> None:
    tab = tabs(still=True)
    tab.open(site.page(key, exercise="squat", export="video,report", **ADDRESSES[address]))
    guest = Guest(tab)
    guest.state("pick")
    wrong = check(tab, "pick", address)
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    tab.wait("document.querySelector('#video').readyState >= 2")
    player.squat(60)
    tab.wait("document.querySelector('#percent').innerText !== ''")
    wrong += check(tab, "work", address)
    player.squat()
    guest.state("result")
    wrong += check(tab, "result", address)
    player.export(SQUAT.read_bytes())
    player.export(b"<p>", "report", "text/html")
    player.finish()
    guest.state("done")
    wrong += check(tab, "done", address)
    assert wrong == []


def test_why_nothing_was_counted_is_in_view(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = tabs(still=True)
    tab.open(site.page(key, exercise="plank", export="true"))
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    assert check(tab, "nothing counted", "no sizes") == []


def test_a_photo_is_in_view(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, tmp_path: Path
) -> None:
    tab = tabs()
    tab.open(site.page(key, source="image"))
    guest = Guest(tab)
    guest.state("pick")
    photo = tmp_path / "me.png"
    photo.write_bytes(base64.b64decode(PICTURE.partition(",")[2]))
    tab.choose("#file", photo)
    player = next_job(stores)
    player.say(Entry("1-1", ImageOverlay(dataUrl=PICTURE)))
    player.finish()
    guest.state("done")
    assert check(tab, "photo", "no sizes") == []


def test_a_failure_and_its_way_out_are_in_view(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = tabs()
    tab.open(site.page(key, exercise="squat", width="390", height="844"))
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    next_job(stores).finish(JobError(ErrorCode.MEDIA_DECODE_ERROR, "The file breaks off."))
    guest.state("failed")
    assert check(tab, "failed", "failed") == []
