"""What is drawn over the video, in time with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from api.frontend.assets import load_assets
from tests.page.browser import Tab
from tests.page.conftest import Host, Site
from tests.page.hosts import Guest
from tests.page.played import REPS, next_job
from tests.page.watched import finished, of_type, seek, shown, watched
from worker.contract.examples import EXAMPLES
from worker.contract.messages import (
    Counter,
    Entry,
    Posture,
)
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
ASSETS = f"/pose_tracker/assets/{load_assets().digest}"


def test_any_moment_shows_what_was_said_by_then(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    url = site.page(key, exercise="squat", recommendations="true")
    player = finished(tab, url, stores)
    counters = [one for one in of_type(player, "counter") if not one.get("final")]
    for place in (2, 0, 1):  # forward and back
        at = counters[place]["timestampMs"]
        seek(tab, at - 60)
        assert shown(tab)["count"] == place
        seek(tab, at + 60)
        assert shown(tab)["count"] == place + 1
        assert shown(tab)["grade"] == counters[place]["form_score"]["grade"]
    rep = of_type(player, "exercise_summary")[0]["history"][1]
    seek(tab, (rep["startMs"] + rep["endMs"]) / 2)
    assert shown(tab)["bar"] > 0.3
    seek(tab, 30)
    assert shown(tab)["bar"] in (None, 0)
    assert shown(tab)["count"] == 0


def test_the_skeleton_is_that_of_the_moment(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    player = finished(tab, site.page(key, exercise="squat", keypoints="true"), stores)
    frames = of_type(player, "keypoints")
    for frame in (frames[30], frames[75]):
        seek(tab, frame["timestampMs"])
        knee = next(joint for joint in frame["keypoints"] if joint["name"] == "left_knee")
        # a blue limb leads through the left knee, and none through the empty corner
        found = tab.run(f"""(() => {{
          const canvas = document.querySelector('#overlay');
          const context = canvas.getContext('2d');
          const at = (x, y) => Array.from(context.getImageData(
            Math.round(x * canvas.width) - 3, Math.round(y * canvas.height) - 3, 7, 7).data)
            .filter((_, n) => n % 4 === 3).some((alpha) => alpha > 200);
          return [at({knee["x"]}, {knee["y"]}), at(0.98, 0.02)];
        }})()""")
        assert found == [True, False], frame["timestampMs"]


@pytest.mark.parametrize("how", ["skeleton=false", "free plan"])
def test_no_skeleton_where_it_is_not_wanted_or_not_allowed(
    tab: Tab, site: Site, key: str, free_key: str, stores: Stores, how: str
) -> None:
    params = {"exercise": "squat"} | ({"skeleton": "false"} if how == "skeleton=false" else {})
    finished(tab, site.page(free_key if how == "free plan" else key, **params), stores)
    seek(tab, 2000)
    assert tab.run("document.querySelector('#overlay').dataset.pose") == ""
    assert shown(tab)["count"] is not None


def test_posture_hints_come_and_go(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(tab, site.page(key, exercise="squat"), stores)
    back = Posture(message="Step back until your whole body is in the picture",
                   direction="backward", ready=False,
                   requirements=("left_ankle", "right_ankle", "nose", "step_back"))  # fmt: skip
    ready = Posture(
        message="You are in position", direction="in-frame", ready=True, requirements=()
    )
    player.say(
        Entry("1-1", back),
        Entry("31-1", ready),
        Entry("46-1", Counter(current_count=1, timestampMs=3000)),
    )
    player.finish()
    guest.state("done")
    seek(tab, 500)
    assert shown(tab)["hint"] == back.message
    assert tab.run("document.querySelector('#hint').dataset.kind") == "posture"
    assert tab.text("#hint-missing") == "Not in view: Ankle, Head"
    assert tab.run("document.querySelector('#in-position').hidden")
    seek(tab, 2500)
    assert not tab.run("document.querySelector('#in-position').hidden")
    assert shown(tab)["hint"] == ""


def test_playback_waits_for_the_analysis(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(tab, site.page(key, exercise="squat"), stores)
    assert tab.run("document.querySelector('#video').paused")
    player.squat(100)
    said = max(one["timestampMs"] for one in of_type(player, "keypoints"))
    tab.wait(
        "(() => { const v = document.querySelector('#video'); return v.paused && v.currentTime > 1 })()"
    )
    assert tab.run("document.querySelector('#video').currentTime") * 1000 == pytest.approx(
        said, abs=400
    )
    player.squat()
    tab.wait("!document.querySelector('#video').paused")
    player.finish()
    guest.state("done")


def test_nothing_plays_by_itself_where_motion_is_not_wanted(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = tabs(still=True)
    finished(tab, site.page(key, exercise="squat"), stores)
    assert tab.run(
        "[document.querySelector('#video').paused, document.querySelector('#video').currentTime]"
    ) == [True, 0]


def test_angles_of_the_page_are_those_of_the_messages(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    url = site.page(key, exercise="squat", keypoints="true", angles="true")
    player = finished(tab, url, stores)
    poses, angles = of_type(player, "keypoints"), of_type(player, "angles")
    media = stores.jobs.get(player.id).media
    assert media is not None
    for pose, angle in list(zip(poses, angles, strict=True))[::20]:
        found = tab.run(f"""import('{ASSETS}/js/angles.js').then((found) =>
          found.jointAngles({json.dumps(pose["keypoints"])}, {media.width / media.height}))""")
        assert found == pytest.approx(angle["angles"], abs=0.2)


def test_the_picture_never_contradicts_the_result(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    finished(tab, site.page(key, exercise="squat"), stores)
    seek(tab, 30)
    unit = "document.querySelector('#hud-unit').innerText"
    assert (shown(tab)["count"], shown(tab)["grade"]) == (0, "")
    assert tab.run(unit) == f"of {REPS} reps"
    seek(tab, 1000 * tab.run("document.querySelector('#video').duration") - 50)
    assert shown(tab)["count"] == REPS
    assert tab.run(unit) == "reps"


def test_being_in_position_has_a_check_mark(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(tab, site.page(key, exercise="squat"), stores)
    back = Posture(message="Step back", direction="backward", ready=False, requirements=())
    good = Posture(message="You are in position", direction="in-frame", ready=True, requirements=())
    player.say(Entry("1-1", back), Entry("31-1", good))
    player.finish()
    guest.state("done")
    marked = "!document.querySelector('#in-position').hidden"
    seek(tab, 500)
    assert tab.run(marked) is False
    seek(tab, 2500)
    assert tab.run(marked) is True


def test_every_type_of_message_is_taken(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest, player = watched(tab, site.page(key, exercise="squat"), stores)
    entries = [
        one for kind, one in EXAMPLES.items() if kind not in ("done", "error", "image_overlay")
    ]
    player.say(*(Entry(f"{n}-1", one) for n, one in enumerate(entries, 1)))
    player.finish()
    guest.state("done")
    assert [text for text in tab.console if "storage.example" not in text] == []


def test_a_video_that_the_browser_cannot_play(
    tab: Tab, site: Site, key: str, stores: Stores, tmp_path: Any
) -> None:
    broken = tmp_path / "odd.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 5000)
    tab.open(site.page(key, exercise="squat"))
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", broken)
    player = next_job(stores)
    guest.wait("!document.querySelector('#unplayable').hidden")
    player.squat()
    tab.wait("Number(document.querySelector('#hud-count').innerText) > 0")  # the count goes on
    player.finish()
    guest.state("done")
    assert tab.text(".total strong") == f"{REPS} reps"
