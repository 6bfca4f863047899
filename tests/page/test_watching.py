"""What is drawn over the video, in time with it, and what the result shows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from api.frontend.assets import load_assets
from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import Guest
from tests.page.played import REPS, Player, next_job
from worker.contract.examples import EXAMPLES
from worker.contract.jump_messages import JumpDiscarded, JumpHeight, JumpStarted, JumpSummary
from worker.contract.message_parts import Jump, Rep
from worker.contract.messages import Counter, Entry, ExerciseSummary, Posture
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"
ASSETS = f"/pose_tracker/assets/{load_assets().digest}"


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


def test_the_result(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    player = finished(tab, site.page(key, exercise="squat"), stores)
    summary = of_type(player, "exercise_summary")[0]
    assert tab.text(".total strong") == f"{REPS} reps"
    assert tab.text(".total .grade") == summary["grade"]
    assert str(rounded(summary["avg_rep_score"])) in tab.text(".facts")
    rows = tab.run("[...document.querySelectorAll('.reps tbody tr')].map((row) => row.innerText)")
    assert len(rows) == REPS
    for row, rep in zip(rows, summary["history"], strict=True):
        assert str(rounded(rep["formScore"])) in row
        assert f"{rep['durationMs'] / 1000:.1f} s" in row
    curves = tab.run(
        "[...document.querySelectorAll('.curve svg')].map((one) => one.getAttribute('aria-label'))"
    )
    assert [label.split(":")[0] for label in curves] == ["Knee", "Hip", "Shoulder", "Elbow"]
    assert tab.run("document.querySelectorAll('.curve:first-child .band').length") == REPS
    assert tab.console == []


def test_a_rep_leads_to_its_moment(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    player = finished(tab, site.page(key, exercise="squat"), stores)
    rep = of_type(player, "exercise_summary")[0]["history"][1]
    tab.click(".reps tbody tr:nth-child(2) button")
    tab.wait(
        f"Math.abs(document.querySelector('#video').currentTime - {rep['startMs'] / 1000}) < 0.05"
    )
    tab.wait("document.querySelector('.reps tbody tr:nth-child(2)').classList.contains('playing')")
    assert tab.run("document.querySelector('#video').paused")
    # a curve's middle is the middle of the video
    tab.run("""(() => { const svg = document.querySelector('.curve svg');
      const box = svg.getBoundingClientRect();
      svg.dispatchEvent(new MouseEvent('click', {clientX: box.x + box.width / 2, bubbles: true})); })()""")
    half = of_type(player, "exercise_summary")[0]["durationMs"] / 2000
    tab.wait(f"Math.abs(document.querySelector('#video').currentTime - {half}) < 0.1")


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


def test_an_export_is_saved_by_the_button(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(tab, site.page(key, exercise="squat", export="true"), stores)
    player.squat()
    # the result is there before its video is
    guest.state("result")
    guest.wait("document.querySelector('#status').innerText.startsWith('Rendering your video')")
    assert tab.text(".total strong") == f"{REPS} reps"
    assert tab.run("document.querySelectorAll('.reps tbody tr').length") == REPS
    stores.workers.beat("w1", "cpu", ("export",), 1)
    player._commit([], exportProgress=0.4)
    guest.wait("document.querySelector('#percent').innerText === '40 %'")
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    # a click that saves makes a link to the bytes; the test reads where it leads
    tab.run("""window.saved = new Promise((resolve) => {
      HTMLAnchorElement.prototype.click = function () { resolve([this.download, this.href]); }; });
      document.querySelector('#download a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))""")
    name, size = tab.run("window.saved.then(([name, href]) => [name, href.slice(0, 5)])")
    assert (name, size) == ("squat.mp4", "blob:")
    assert tab.console == []


def test_every_export_has_a_button(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(
        tab, site.page(key, exercise="squat", export="keypoints,report"), stores
    )
    assert stores.jobs.get(player.id).options.export_kinds == ("keypoints", "report")
    player.squat()
    player.export(b"PAR1", "keypoints", "application/vnd.apache.parquet")
    player.export(b"<p>", "report", "text/html")
    player.finish()
    guest.state("done")
    names = tab.run("[...document.querySelectorAll('#download a')].map((one) => one.download)")
    assert names == ["squat.html", "squat.parquet"]
    assert "(parquet)" in tab.text("#download a:last-child")
    assert tab.console == []


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


def test_nothing_counted_says_why_and_has_no_grade(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    guest, player = watched(tab, site.page(key, exercise="plank"), stores)
    reps = tuple(
        Rep(index=n, startMs=1000.0 * n, endMs=1000.0 * n + 900, durationMs=900.0,
            formScore=40.0, grade="F", counted=False)
        for n in (1, 2)
    )  # fmt: skip
    summary = ExerciseSummary(exercise="plank", counter=0, avg_rep_score=0.0,
                              avg_similarity=None, grade="F", durationMs=6000, history=reps)  # fmt: skip
    player.say(Entry("90-1", Counter(current_count=0, final=True)), Entry("90-2", summary))
    player.finish()
    guest.state("done")
    assert tab.text("#totals") == "0 seconds"
    assert "Average score" not in tab.text("#facts")
    reasons = tab.text("#why").splitlines()
    assert reasons == [
        "2 × not counted",
        "Film your whole body from the side, with the camera held still.",
    ]


@pytest.mark.parametrize(
    ("exercise", "language", "expected"),
    [
        ("wall_sit", "en", "No hold was seen."),
        ("air_time_jump", "de", "Es war kein Sprung zu sehen."),
        ("air_time_jump", "fr", "Trop près"),
    ],
)
def test_an_empty_result_says_what_was_looked_for(
    tab: Tab, site: Site, key: str, stores: Stores, exercise: str, language: str, expected: str
) -> None:
    guest, player = watched(tab, site.page(key, exercise=exercise, language=language), stores)
    summary = ExerciseSummary(exercise=exercise, counter=0, avg_rep_score=0.0, avg_similarity=None,
                              grade=None, durationMs=6000, history=())  # fmt: skip
    discarded = JumpDiscarded(reason="moved_toward_phone", userMessage="Trop près")
    told = [Entry(f"{n}-1", discarded) for n in (40, 60)] if expected == "Trop près" else []
    player.say(*told, Entry("90-1", Counter(current_count=0, final=True)), Entry("90-2", summary))
    player.finish()
    guest.state("done")
    first, film = tab.text("#why").splitlines()
    assert first == expected
    assert len(film) > 30


def test_what_was_recognised_is_named_and_counted_in_its_unit(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    guest, player = watched(tab, site.page(key, exercise="auto", lang="de"), stores)
    assert tab.text("#heading") == "Bewegungsanalyse"
    summary = ExerciseSummary(exercise="wall_sit", counter=6, avg_rep_score=91.0, avg_similarity=None,
                              grade="A", durationMs=6000, history=())  # fmt: skip
    player.say(Entry("90-1", Counter(current_count=6, final=True)), Entry("90-2", summary))
    player.finish()
    guest.state("done")
    assert tab.text("#heading") == "Wandsitzen"
    assert tab.text("#totals").startswith("6 Sekunden")
    assert tab.text("#hud-unit").endswith("Sekunden")


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


def test_another_person_is_chosen_by_a_tap(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(tab, site.page(key, exercise="squat"), stores)
    summary = ExerciseSummary(exercise="squat", counter=0, avg_rep_score=0.0, avg_similarity=None,
                              grade=None, durationMs=6000, history=(), people=2)  # fmt: skip
    player.say(Entry("90-1", Counter(current_count=0, final=True)), Entry("90-2", summary))
    player.finish()
    guest.state("done")
    tab.click("#choose-person")
    assert tab.text("#hint-text") == "Tap the person to follow"
    tab.run("""(() => { const screen = document.querySelector('#screen');
      const box = screen.getBoundingClientRect();
      screen.dispatchEvent(new PointerEvent('pointerdown', {bubbles: true, cancelable: true,
        clientX: box.x + box.width / 4, clientY: box.y + box.height / 2})); })()""")
    second = next_job(stores, 1)
    first, again = stores.jobs.get(player.id), stores.jobs.get(second.id)
    x, y = map(float, str(again.options.subject).split(","))
    assert (x, y) == (pytest.approx(0.25, abs=0.02), pytest.approx(0.5, abs=0.02))
    assert again.input == first.input
    second.squat()
    second.finish()
    guest.state("done")
    assert tab.text(".total strong") == f"{REPS} reps"
    assert tab.run("document.querySelector('#choose-person').hidden")


def test_jumps(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    guest, player = watched(tab, site.page(key, exercise="jump"), stores)
    heights = (31.4, 35.2)
    entries: list[Entry] = []
    for number, height in enumerate(heights, 1):
        frame = 30 * number
        at = frame * 1000 / 15
        entries += [
            Entry(f"{frame + 1}-1", JumpStarted(message="Jump started", timestampMs=at - 500)),
            Entry(f"{frame + 1}-2", JumpHeight(jumpHeightCm=height, measuring=False, landed=True,
                                               final=True, airTimeMs=500)),
            Entry(f"{frame + 1}-3", Counter(current_count=number, timestampMs=at)),
        ]  # fmt: skip
    summary = ExerciseSummary(exercise="air_time_jump", counter=2, avg_rep_score=0.0,
                              avg_similarity=None, grade=None, durationMs=6000, history=())  # fmt: skip
    jumps = JumpSummary(
        totalJumps=2, avgJumpHeight=33.3, maxJumpHeight=35.2, minJumpHeight=31.4,
        jumps=tuple(Jump(jumpNumber=n, jumpHeightCm=h, airTimeMs=500) for n, h in enumerate(heights, 1)),
    )  # fmt: skip
    player.say(*entries, Entry("90-1", Counter(current_count=2, final=True)), Entry("90-2", summary),
               Entry("90-3", jumps))  # fmt: skip
    player.finish()
    guest.state("done")
    assert tab.text(".total strong") == "2 jumps"
    assert "35.2 cm" in tab.text(".facts")
    rows = tab.run("[...document.querySelectorAll('.reps tbody tr')].map((row) => row.innerText)")
    assert [("31.4 cm" in rows[0]), ("35.2 cm" in rows[1])] == [True, True]
    tab.click(".reps tbody tr:nth-child(2) button")
    tab.wait("Math.abs(document.querySelector('#video').currentTime - 3.5) < 0.05")
    seek(tab, 4100)
    assert shown(tab)["grade"] == "35 cm"


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
