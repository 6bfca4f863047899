"""The console: the same calls as every client makes, in one page."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from tests.page.browser import Tab
from tests.page.conftest import Site
from tests.page.console_play import READY, SQUAT, played, signed_in
from tests.page.contrast import weak_words
from tests.page.played import REPS, next_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.plans import Plan
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow


def test_a_key_is_asked_for_and_stays_in_the_tab(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    tab.open(f"{site.address}/")
    tab.wait("document.querySelector('#app').dataset.state === 'out'")
    for given, text in (("pq_wrong", "invalid_token"), (key, "")):
        tab.run(f"document.querySelector('#key').value = '{given}';"
                "document.querySelector('#enter').requestSubmit()")  # fmt: skip
        if text:
            tab.wait(f"document.querySelector('#enter-problem').innerText.startsWith('{text}')")
    tab.wait(READY)
    assert tab.text("#who") == "acme, developer"
    tab.run("window.was = true; location.reload()")
    tab.wait(f"!window.was && {READY}")
    tab.click("#leave")
    tab.wait("document.querySelector('#app')?.dataset.state === 'out'")
    assert not [url for url in tab.requests if key in url]


def test_a_key_in_the_address_leaves_it(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    tab.open(f"{site.address}/")
    tab.wait("document.querySelector('#app').dataset.state === 'out'")
    tab.run(f"void (location.href = '{site.address}/#key={key}')")  # the page is there already
    tab.wait(READY)
    assert key not in tab.run("location.href")
    assert tab.console == []


def test_a_job_from_its_form_to_its_end(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    signed_in(tab, site, key)
    tab.choose("#media", SQUAT)
    tab.run("document.querySelector('#more').value = '{\"minGrade\": \"B\"}'")
    tab.run("document.querySelector('#submit').requestSubmit()")
    player = next_job(stores)
    options = stores.jobs.get(player.id).options
    assert (options.exercise, options.minGrade, options.export) == ("squat", "B", True)
    tab.wait(f"document.querySelector('#job-head').innerText === '{player.id}'")
    player.squat(40)
    tab.wait("document.querySelector('#messages').innerText.includes('environment')")
    # the upload page shows it, over the file that was chosen here
    frame = tab.frame("/pose_tracker/")
    tab.wait("document.querySelector('#video').src.startsWith('blob:')", frame)
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    tab.wait("document.querySelector('#app').dataset.state === 'done'", frame)
    assert tab.text(".total strong", frame) == f"{REPS} reps"
    assert tab.run("document.querySelectorAll('.curve').length", frame) == 4
    tab.wait("document.querySelector('#overlay').dataset.pose !== ''", frame)
    assert not tab.run("document.querySelector('#again').getClientRects().length", frame)
    assert key not in tab.run("location.href", frame)
    tab.wait("document.querySelector('#messages li:last-child').dataset.type === 'done'")
    tab.wait("document.querySelector('#job-facts').innerText.includes('succeeded')")
    tab.wait(f"document.querySelectorAll('.lane[data-type=counter] .mark').length === {REPS + 1}")
    tab.click(".lane[data-type=exercise_summary] .mark")
    assert tab.run("document.querySelector('[data-type=exercise_summary] details').open")
    assert "video (0.1" in tab.text("#job-facts")
    kinds = tab.run("[...document.querySelectorAll('#messages li')].map((row) => row.dataset.type)")
    assert kinds.count("counter") == REPS + 1
    assert "progression" not in kinds  # each frame's: on demand
    tab.click("#frames")
    tab.wait("document.querySelector('#messages [data-type=progression]')")
    tab.run("document.querySelector('#messages [data-type=counter] details').open = true")
    tab.wait("document.querySelector('#messages pre').innerText.includes('current_count') ||"
             "[...document.querySelectorAll('#messages pre')].some((one) => one.innerText.includes('current_count'))")  # fmt: skip
    assert tab.console == []


STORED = """JSON.stringify(Object.entries(sessionStorage).filter(([, value]) => value.includes('KEY'))
    .map(([name]) => name))"""
FILES = """new Promise((resolve) => {
  indexedDB.open('posequeue', 1).onsuccess = ({ target: { result } }) => {
    result.transaction('files').objectStore('files').getAllKeys().onsuccess = ({ target }) => {
      result.close();
      resolve(JSON.stringify(target.result));
    };
  };
})"""


def test_who_leaves_leaves_neither_key_nor_video(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    signed_in(tab, site, key)
    tab.choose("#media", SQUAT)
    tab.run("document.querySelector('#submit').requestSubmit()")
    player = next_job(stores)
    player.squat()
    player.finish()
    frame = tab.frame("/pose_tracker/")
    tab.wait("document.querySelector('#app').dataset.state === 'done'", frame)
    with_key = STORED.replace("KEY", key)
    assert tab.run(with_key) == '["pq:console"]'
    assert tab.run(FILES) == f'["{player.id}"]'
    tab.run("window.was = true; document.querySelector('#leave').click()")
    tab.wait("!window.was && document.querySelector('#app')?.dataset.state === 'out'")
    assert tab.run(with_key) == "[]"
    assert tab.run(FILES) == "[]"
    # the page that anyone opens next in this tab finds nothing to take over
    tab.open(f"{site.address}/pose_tracker/upload_tracking?exercise=squat")
    tab.wait("document.querySelector('#failed-code').innerText.startsWith('missing_token')")


def test_of_two_jobs_alike_the_frame_shows_the_chosen_one(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    players = [played(site, key, stores, known) for known in (0, 1)]
    signed_in(tab, site, key)
    for player in (*players, players[0]):
        before = len(tab.requests)
        row = f"#jobs [data-id={player.id}] .pick"
        tab.wait(f"document.querySelector('{row}')")
        tab.click(row)
        asked = f"/v1/jobs/{player.id}/messages?edition=superset"
        deadline = time.monotonic() + 30
        while not any(asked in url for url in tab.requests[before:]):
            assert time.monotonic() < deadline, asked
            time.sleep(0.05)
        assert key not in tab.run("location.href", tab.frame("/pose_tracker/"))


def test_a_failed_job_tells_its_problem_once(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    error = JobError(ErrorCode.MEDIA_DECODE_ERROR, "The file breaks off.")
    player = played(site, key, stores, error=error)
    signed_in(tab, site, key)
    tab.wait("document.querySelector('#jobs .pick')")
    tab.click("#jobs .pick")
    tab.wait("!document.querySelector('#job-problem').hidden")
    assert tab.text("#job-problem") == "media_decode_error: The file breaks off."
    assert tab.run("document.querySelector('#job-page').getClientRects().length") == 0
    assert player.id == tab.text("#job-head")


def test_jobs_are_listed_filtered_and_erased(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    player = played(site, key, stores)
    signed_in(tab, site, key)
    tab.wait(f"document.querySelector('#jobs').innerText.includes('{player.id}')")
    tab.run(
        "(() => { const s = document.querySelector('#status'); s.value = 'failed'; s.onchange(); })()"
    )
    tab.wait("!document.querySelector('#no-jobs').hidden")
    tab.run(
        "(() => { const s = document.querySelector('#status'); s.value = ''; s.onchange(); })()"
    )
    tab.wait("document.querySelector('#jobs .pick')")
    tab.click("#jobs .pick")
    tab.wait("document.querySelector('#messages li:last-child')?.dataset.type === 'done'")
    tab.run(
        "[...document.querySelectorAll('#job-actions button')].find((b) => b.innerText === 'Erase').click()"
    )
    tab.wait("document.querySelector('#jobs').children.length === 0")


def test_the_queue_is_seen_without_a_key(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    body = {"input": {"url": "https://media.example/a.mp4"}, "options": {}}
    httpx.post(f"{site.address}/v1/jobs", json=body, headers=headers)
    tab.open(f"{site.address}/")
    tab.wait(
        "document.querySelector('#queue').innerText.replace(/\\s+/g, ' ').includes('queued 1')"
    )
    queue = tab.text("#queue")
    assert "pose.cpu" in queue[queue.index("no worker for") :]


def test_another_tenants_jobs_are_not_there(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    played(site, key, stores)
    signed_in(tab, site, stores.keys.create("other", Plan.FREE))
    tab.wait("!document.querySelector('#no-jobs').hidden")


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, width: int
) -> None:
    player = played(site, key, stores)
    tab = signed_in(tabs(width=width, height=700), site, key)
    tab.wait("document.querySelector('#jobs .pick')")
    tab.click("#jobs .pick")
    tab.wait("document.querySelector('#messages li:last-child')?.dataset.type === 'done'")
    assert player.id in tab.text("#job-head")
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_words_stand_out_from_their_ground(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, dark: bool
) -> None:
    played(site, key, stores, error=JobError(ErrorCode.INTERNAL, "No."))
    played(site, key, stores, known=1)
    tab = tabs(dark=dark)
    tab.open(f"{site.address}/")
    tab.wait("document.querySelector('#app').dataset.state === 'out'")
    assert weak_words(tab) == []
    tab.run(f"void (location.href = '{site.address}/#key={key}')")
    tab.wait("document.querySelectorAll('#jobs .pick').length === 2")
    for row in ("tr:first-child", "tr:last-child"):
        tab.click(f"#jobs {row} .pick")
        tab.wait("document.querySelector('#messages li:last-child')?.dataset.type === 'done'")
        assert weak_words(tab) == []
