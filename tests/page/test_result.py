"""What the page shows once the analysis is over: count, table, reasons, downloads."""

from __future__ import annotations

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import NATIVE, visit
from tests.page.played import REPS, next_job
from tests.page.watched import finished, of_type, rounded, seek, shown, watched
from worker.contract.jump_messages import JumpDiscarded, JumpHeight, JumpStarted, JumpSummary
from worker.contract.message_parts import Jump, Rep
from worker.contract.messages import (
    Counter,
    Entry,
    ExerciseSummary,
)
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"


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


def test_an_app_opens_an_export_by_its_address(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = visit(tab, NATIVE, site.page(key, exercise="squat", export="true"), host)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    tab.run("""window.opened = []; addEventListener('click', (event) => {
      window.opened.push([event.target.closest('a').href, event.defaultPrevented]);
      event.preventDefault(); });""")
    tab.click("#download a")
    [[address, saved]] = tab.run("window.opened")
    assert "exports/video" in address and not saved


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
        "2 × not counted.",
        "Film your whole body from the side, with the camera held still.",
    ]


@pytest.mark.parametrize(
    ("exercise", "language", "expected"),
    [
        ("wall_sit", "en", "No hold was seen."),
        ("air_time_jump", "de", "Es war kein Sprung zu sehen."),
        ("air_time_jump", "fr", "Trop près."),
    ],
)
def test_an_empty_result_says_what_was_looked_for(
    tab: Tab, site: Site, key: str, stores: Stores, exercise: str, language: str, expected: str
) -> None:
    guest, player = watched(tab, site.page(key, exercise=exercise, language=language), stores)
    summary = ExerciseSummary(exercise=exercise, counter=0, avg_rep_score=0.0, avg_similarity=None,
                              grade=None, durationMs=6000, history=())  # fmt: skip
    discarded = JumpDiscarded(reason="moved_toward_phone", userMessage="Trop près")
    told = [Entry(f"{n}-1", discarded) for n in (40, 60)] if expected == "Trop près." else []
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
    assert shown(tab)["grade"] == "35.2 cm"


def test_one_jump_in_german(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    """One number, a decimal comma, one *Sprung*; the picture never shows more than it came to."""
    guest, player = watched(tab, site.page(key, exercise="air_time_jump", lang="de"), stores)
    rising = JumpHeight(jumpHeightCm=47.1, measuring=True, landed=False)
    landed = JumpHeight(jumpHeightCm=43.8, measuring=False, landed=True, final=True, airTimeMs=598)
    summary = ExerciseSummary(exercise="air_time_jump", counter=1, avg_rep_score=0.0,
                              avg_similarity=None, grade=None, durationMs=6000, history=())  # fmt: skip
    jumps = JumpSummary(totalJumps=1, avgJumpHeight=43.8, maxJumpHeight=43.8, minJumpHeight=43.8,
                        jumps=(Jump(jumpNumber=1, jumpHeightCm=43.8, airTimeMs=598),))  # fmt: skip
    player.say(
        Entry("31-1", JumpStarted(message="Absprung", timestampMs=2000)),
        Entry("65-1", rising),
        Entry("91-1", landed),
        Entry("91-2", Counter(current_count=1, timestampMs=3000)),
        Entry("100-1", Counter(current_count=1, final=True)),
        Entry("100-2", summary),
        Entry("100-3", jumps),
    )
    player.finish()
    guest.state("done")
    assert tab.text(".total strong") == "1 Sprung"
    assert tab.text("#facts").split("\n")[:2] == ["Höhe", "43,8 cm"]
    assert "Bester" not in tab.text("#facts")
    assert "43,8 cm" in tab.text(".reps tbody tr")
    seek(tab, 2500)
    assert (shown(tab)["grade"], tab.text("#hud-unit")) == ("", "von 1 Sprung")
    seek(tab, 3500)
    assert (shown(tab)["grade"], tab.text("#hud-unit")) == ("43,8 cm", "Sprung")
