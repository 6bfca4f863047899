"""From a file to a job: picked, dropped, recorded or fetched; broken, called off, refused."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import FLUTTER, Guest, types, visit
from tests.page.line import BrokenLine
from tests.page.played import jobs_of, next_job
from worker.contract.errors import ErrorCode, JobError
from worker.contract.jobs import JobStatus
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"


def at_pick(tab: Tab, url: str, host: Host) -> Guest:
    """An app's WebView with the page ready for a file."""
    guest = visit(tab, FLUTTER, url, host)
    guest.state("pick")
    return guest


def test_the_bytes_arrive(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    at_pick(tab, site.page(key, exercise="squat", minGrade="b", difficulty="hard"), host)
    tab.choose("#file", SQUAT)
    job = stores.jobs.get(next_job(stores).id)
    assert stores.objects.get(str(job.input.key)) == SQUAT.read_bytes()
    assert job.input.filename == "squat_5.mp4"
    assert (job.options.minGrade, job.options.difficulty) == ("B", "pro")


def test_a_file_is_dropped(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    at_pick(tab, site.page(key, exercise="squat"), host)
    x, y = tab.run("(() => { const b = document.querySelector('#drop').getBoundingClientRect();"
                   "return [b.x + b.width / 2, b.y + 20]; })()")  # fmt: skip
    data = {"items": [], "files": [str(SQUAT)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tab.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)
        if kind == "dragOver":
            assert tab.run("document.querySelector('#drop').classList.contains('over')")
    assert stores.jobs.get(next_job(stores).id).input.filename == "squat_5.mp4"


def test_of_files_that_come_together_one_is_taken(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """A double drop, an impatient second choice: one upload, one job."""
    guest = at_pick(tab, site.page(key, exercise="squat"), host)
    tab.run("""['a', 'b', 'c'].forEach((name) => {
      const data = new DataTransfer();
      data.items.add(new File(['not really a video'], `${name}.mp4`, {type: 'video/mp4'}));
      document.querySelector('#drop').dispatchEvent(new DragEvent('drop', {dataTransfer: data}));
    })""")
    player = next_job(stores)
    assert stores.jobs.get(player.id).input.filename == "a.mp4"
    player.squat()
    player.finish()
    guest.state("done")
    assert len(jobs_of(stores)) == 1
    assert len([url for url in tab.requests if url.endswith("/v1/uploads")]) <= 2  # and a preflight


def test_a_video_by_address(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    url = host.put("/clips/squat.mp4", "video/mp4", SQUAT.read_bytes()) + "?sig=a%2Bb"
    guest = visit(tab, FLUTTER, site.page(key, exercise="squat", videoSrc=url), host)
    player = next_job(stores)
    assert stores.jobs.get(player.id).input.url == url
    guest.wait("document.querySelector('#video').videoWidth > 0")
    player.squat()
    player.finish()
    guest.state("done")
    assert [found for found in tab.requests if "/v1/uploads" in found] == []
    assert tab.console == []


def test_an_image_by_address(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    visit(tab, FLUTTER, site.page(key, imageSrc=f"{host.address}/a.jpg"), host)
    job = stores.jobs.get(next_job(stores).id)
    assert (job.source, job.input.url) == ("image", f"{host.address}/a.jpg")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of 65 MiB, which goes in parts."""
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        for _ in range(65):
            file.write(os.urandom(1 << 20))
    return path


def test_a_large_file_survives_a_lost_connection(
    tab: Tab, broken_line: tuple[Site, BrokenLine], host: Host, key: str, stores: Stores,
    large: Path,
) -> None:  # fmt: skip
    site, line = broken_line
    guest = at_pick(tab, site.page(key, exercise="squat"), host)
    line.breaks = 3
    tab.choose("#file", large)
    job = stores.jobs.get(next_job(stores).id)
    assert line.breaks == 0
    assert stores.objects.get(str(job.input.key)) == large.read_bytes()
    # what had arrived was not sent again: at most the broken pieces were
    assert line.sent < large.stat().st_size + 3 * line.after + (8 << 20)
    guest.wait("document.querySelector('#connection').hidden")


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "chosen again"])
def test_after_a_reload_a_large_file_goes_on_where_it_was(
    tab: Tab, site: Site, key: str, stores: Stores, large: Path, kept: bool
) -> None:
    if not kept:
        tab.call("Page.addScriptToEvaluateOnNewDocument",
                 source="IDBFactory.prototype.open = () => { throw new Error('none'); };")  # fmt: skip
    tab.open(site.page(key, exercise="squat"))
    guest = Guest(tab)
    guest.state("pick")
    tab.pause_requests(["*partNumber=5*"], lambda event: None)  # the last part never arrives
    tab.choose("#file", large)
    tab.wait("JSON.parse(sessionStorage[Object.keys(sessionStorage)[0]]).begun?.done.length === 4")
    tab.run("window.was = true; location.reload()")
    tab.wait("!window.was && document.readyState === 'complete'")
    tab.call("Fetch.disable")
    before = len(tab.requests)
    if kept:
        tab.wait("document.querySelector('#status').innerText.includes('goes on')")
    else:
        tab.wait("document.querySelector('#interrupted').innerText")
        tab.choose("#file", large)
    job = stores.jobs.get(next_job(stores).id)
    assert stores.objects.get(str(job.input.key)) == large.read_bytes()
    parts = [re.findall(r"partNumber=(\d+)", url) for url in tab.requests]
    assert {number for found in parts[:before] for number in found} == set("12345")
    assert {number for found in parts[before - 5 :] for number in found} == {"5"}


def test_it_can_be_cancelled_while_uploading(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = at_pick(tab, site.page(key, exercise="squat"), host)
    tab.pause_requests(["*/uploads/acme/*"], lambda event: None)  # the upload never ends
    tab.choose("#file", SQUAT)
    guest.wait("document.querySelector('#status').innerText === 'Uploading'")
    tab.click("#cancel")
    guest.state("pick")
    assert jobs_of(stores) == []
    assert guest.got == []
    tab.call("Fetch.disable")
    tab.choose("#file", SQUAT)
    assert next_job(stores)


def test_it_can_be_cancelled_while_waiting(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = at_pick(tab, site.page(key, exercise="squat"), host)
    tab.choose("#file", SQUAT)
    guest.wait("document.querySelector('#status').innerText.startsWith('Waiting')")
    tab.click("#cancel")
    guest.state("failed")
    (job,) = jobs_of(stores)
    assert stores.jobs.get(job).status is JobStatus.CANCELED
    assert [one["code"] for one in guest.got] == ["canceled"]
    assert "cancelled" in tab.text("#heading")


def test_an_upload_that_breaks_twice_makes_one_job(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """The answer to the job's request is lost; the second request bears the same key."""
    at_pick(tab, site.page(key, exercise="squat"), host)
    lost: list[str] = []

    def handle(event: dict[str, Any]) -> None:
        request = event["request"]
        headers = {name.lower(): value for name, value in request["headers"].items()}
        if request["method"] == "POST" and len(lost) < 2:
            lost.append(headers.get("idempotency-key", ""))
            tab.call("Fetch.failRequest", requestId=event["requestId"], errorReason="TimedOut")
        else:
            tab.call("Fetch.continueRequest", requestId=event["requestId"])

    def only_responses() -> None:
        tab.on_pause = handle
        tab.call("Fetch.enable", patterns=[{"urlPattern": "*/v1/jobs", "requestStage": "Response"}])

    only_responses()
    tab.choose("#file", SQUAT)
    tab.wait("document.querySelector('#status').innerText.startsWith('Waiting')")
    assert len(lost) == 2
    assert len(set(lost)) == 1
    assert lost[0]
    assert len(jobs_of(stores)) == 1


@pytest.mark.parametrize(
    ("name", "data", "params", "text"),
    [
        ("a.jpg", b"\xff\xd8", {"source": "video"}, "This is not a video."),
        ("a.mp4", b"0000", {"source": "image"}, "This is not a photo."),
        ("a.mp4", b"", {"exercise": "squat"}, "This file is empty."),
    ],
)
def test_a_file_that_cannot_do(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, tmp_path: Path, name: str,
    data: bytes, params: dict[str, str], text: str,
) -> None:  # fmt: skip
    guest = at_pick(tab, site.page(key, **params), host)
    (tmp_path / name).write_bytes(data)
    tab.choose("#file", tmp_path / name)
    guest.wait("!document.querySelector('#pick-problem').hidden")
    assert tab.text("#pick-problem").startswith(text)
    assert jobs_of(stores) == []
    assert guest.got == []


def test_another_file_after_the_first(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = at_pick(tab, site.page(key, exercise="squat"), host)
    for round_number in range(2):
        tab.choose("#file", SQUAT)
        player = next_job(stores, round_number)
        player.squat()
        player.finish()
        guest.state("done")
        assert tab.text("#totals").startswith("3 reps")
        tab.click("#again")
        guest.state("pick")
    assert len(jobs_of(stores)) == 2
    assert types(guest.got).count("exercise_summary") == 2


REFUSALS: list[tuple[dict[str, str], str, str, str]] = [
    ({"exercise": "moonwalk"}, "invalid_exercise", "Exercise 'moonwalk' is not available",
     "This exercise is not known."),
    ({"exercise": "squat", "reference": "r"}, "invalid_parameter",
     "You cannot combine reference & exercise.", "The link has a value that cannot be used."),
    ({"exercise": "jump_analysis"}, "jump_analysis_missing_height",
     "User height (userHeightCm) must be provided for jump_analysis exercise",
     "Your body height is needed for this analysis."),
    ({"reference": "ref_none"}, "reference_not_found", "Reference 'ref_none'",
     "The movement to compare with was not found."),
]  # fmt: skip


@pytest.mark.parametrize(("params", "code", "start", "heading"), REFUSALS)
def test_the_host_gets_the_contracts_error(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, params: dict[str, str], code: str,
    start: str, heading: str,
) -> None:  # fmt: skip
    guest = visit(tab, FLUTTER, site.page(key, **params), host)
    guest.state("failed")
    (message,) = guest.wait_for(1)
    assert (message["code"], message["error"]) == (code, code)
    assert message["message"].startswith(start)
    assert tab.text("#heading") == heading
    assert tab.text("#failed-help") != ""
    assert tab.run("document.querySelectorAll('#failed-actions button').length") == 0


@pytest.mark.parametrize(("token", "code"), [(None, "missing_token"), ("pq_no", "invalid_token")])
def test_bad_tokens(
    tab: Tab, site: Site, host: Host, stores: Stores, token: str | None, code: str
) -> None:
    guest = visit(tab, FLUTTER, site.page(token, exercise="squat"), host)
    guest.state("failed")
    (message,) = guest.wait_for(1)
    assert message["code"] == code
    assert message["message"].startswith("Invalid params.")


def test_what_fails_in_the_job_says_what_to_do(
    tabs: Callable[..., Tab], site: Site, host: Host, key: str, stores: Stores
) -> None:
    tab = tabs()
    guest = at_pick(tab, site.page(key, exercise="squat", lang="de"), host)
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.finish(JobError(ErrorCode.MEDIA_TOO_LARGE, "Too long.", {"allowed": "60 s"}))
    guest.state("failed")
    assert tab.text("#heading") == "Die Datei ist zu lang oder zu groß."
    assert tab.text("#failed-actions") == "Andere Datei auswählen"
    assert guest.got[-1]["details"] == {"allowed": "60 s"}
    tab.click("#failed-actions button")
    guest.state("pick")
