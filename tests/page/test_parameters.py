"""Every parameter of the page that is not layout, from its address to the job and the result."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import FLUTTER, Guest, visit
from tests.page.played import Player, jobs_of, next_job
from tests.page.test_hosts import PICTURE
from worker.contract.landmarks import MEDIAPIPE_NAMES
from worker.contract.message_parts import Keypoint, Rep
from worker.contract.messages import (
    Counter,
    Entry,
    ExerciseSummary,
    ImageOverlay,
    Keypoints,
)
from worker.contract.options import LAYOUT
from worker.contract.plans import GATED
from worker.lifecycle.completion import archive_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"

ASKED: dict[str, tuple[str, Any]] = {
    "source": ("VIDEO", "video"), "exercise": ("Face-Pushup", "push_up"), "minGrade": ("b", "B"),
    "keypoints": ("TRUE", True), "angles": ("true", True), "progression": ("true", True),
    "recommendations": ("true", True), "export": ("true", True), "blazepose": ("true", True),
    "skeleton": ("false", False), "poseBackend": ("WASM", "wasm"),
    "userHeightCm": ("181.5", 181.5), "devicePitchDeg": ("-3", -3.0), "difficulty": ("Hard", "pro"),
}  # fmt: skip
"""Option: what the address says, and what the job is to have."""
DECLINED: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(GATED, ("false", False)), "exercise": ("jump_analysis", "jump_analysis"),
    "skeleton": ("False", False), "poseBackend": ("webgl", "webgl"), "minGrade": ("D", "D"),
    "userHeightCm": ("180", 180.0), "difficulty": ("brutal", "normal"),
    # without it there is no bar over the picture, so the page asks for it by itself
    "progression": ("false", True),
}  # fmt: skip


@pytest.mark.parametrize("options", [ASKED, DECLINED], ids=["asked for", "declined"])
def test_the_job_has_the_options_of_the_address(
    tab: Tab, site: Site, key: str, stores: Stores, options: dict[str, tuple[str, Any]]
) -> None:
    given = {name: text for name, (text, _) in options.items()}
    tab.open(site.page(key, **given, isMobile="true", utm_source="x"))
    Guest(tab).state("pick")
    tab.choose("#file", SQUAT)
    made = msgspec.structs.asdict(stores.jobs.get(next_job(stores).id).options)
    assert {name: made[name] for name in options} == {n: meant for n, (_, meant) in options.items()}


def test_an_exercise_that_is_to_be_recognised_is_none_of_the_catalogue(
    site: Site, key: str
) -> None:
    url, headers = f"{site.address}/pose_tracker/options", {"Authorization": f"Bearer {key}"}
    answer = httpx.get(url, params={"exercise": "Auto"}, headers=headers).json()
    assert answer["options"]["exercise"] == "auto" and answer["exercise"] is None
    assert answer["exercises"]["plank"] == {"id": "plank", "unit": "seconds", "view": "side"}


@pytest.mark.parametrize("name", GATED)
def test_the_free_plan_is_refused_each_by_name(
    site: Site, free_key: str, stores: Stores, name: str
) -> None:
    headers = {"Authorization": f"Bearer {free_key}"}
    url = f"{site.address}/pose_tracker/options"
    answer = httpx.get(url, params={"exercise": "squat", name: "true"}, headers=headers)
    assert answer.json()["code"] == "developer_features_not_allowed"
    assert answer.json()["details"] == {"blocked": [name]}
    assert httpx.get(url, params={name: "false"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("given", "meant"),
    [("EASY", "easy"), ("Medium", None), ("normal", None), ("hard", "pro"), ("Pro", "pro"), ("7", None)],
)  # fmt: skip
def test_difficulties(site: Site, key: str, stores: Stores, given: str, meant: str | None) -> None:
    """None: the default, which is not said."""
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{site.address}/pose_tracker/options"
    answer = httpx.get(url, params={"difficulty": given}, headers=headers)
    assert answer.json()["options"].get("difficulty") == meant


def test_a_reference_instead_of_an_exercise(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    body = {"input": {"url": f"{host.address}/ideal.mp4"}, "name": "My squat"}
    made = httpx.post(f"{site.address}/v1/references", json=body, headers=headers).json()
    record = stores.references.get(made["id"], "acme")
    stores.references.keep(record, b"poses", 1500.0)
    Player(stores, record.job).finish()
    archive_job(stores, record.job)
    known = len(jobs_of(stores))
    guest = visit(tab, FLUTTER, site.page(key, reference=made["id"]), host)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores, known)
    assert stores.jobs.get(player.id).options.reference == made["id"]
    summary = ExerciseSummary(exercise="My squat", counter=2, avg_rep_score=80.0,
                              avg_similarity=0.916, grade="B", durationMs=6000, history=())  # fmt: skip
    player.say(Entry("90-1", Counter(current_count=2, final=True)), Entry("90-2", summary))
    player.finish()
    guest.state("done")
    assert tab.text(".total strong") == "2 reps"
    assert "92 %" in tab.text(".facts")
    assert guest.got == player.said


def test_a_rep_below_the_least_grade_is_shown_but_not_counted(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    tab.open(site.page(key, exercise="squat", minGrade="b"))
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    reps = tuple(
        Rep(index=n, startMs=2000.0 * n, endMs=2000.0 * n + 1500, durationMs=1500.0,
            formScore=score, grade=grade, counted=counted)
        for n, (score, grade, counted) in enumerate([(93.0, "A", True), (71.0, "C", False)])
    )  # fmt: skip
    summary = ExerciseSummary(exercise="squat", counter=1, avg_rep_score=93.0,
                              avg_similarity=None, grade="A", durationMs=6000, history=reps)  # fmt: skip
    player.say(Entry("90-1", Counter(current_count=1, final=True)), Entry("90-2", summary))
    player.finish()
    guest.state("done")
    assert tab.text(".total strong") == "1 rep"
    rows = tab.run("[...document.querySelectorAll('.reps tbody tr')].map((row) => row.innerText)")
    assert ["not counted" in row for row in rows] == [False, True]
    assert tab.run("document.querySelectorAll('.reps tbody tr.uncounted').length") == 1


def test_landmarks_of_the_larger_model_are_drawn_to_the_toes(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = visit(
        tab, FLUTTER, site.page(key, exercise="squat", blazepose="true", keypoints="true"), host
    )
    guest.state("pick")
    tab.choose("#file", SQUAT)
    tab.wait("document.querySelector('#video').readyState >= 2")
    player = next_job(stores)
    where = {"left_ankle": (0.3, 0.6), "left_heel": (0.3, 0.6), "left_foot_index": (0.7, 0.6)}
    joints = tuple(
        Keypoint(name, *where.get(name, (0.1, 0.1)), 0.0, 0.9 if name in where else 0.0)
        for name in MEDIAPIPE_NAMES
    )
    assert len(joints) == 33
    player.say(
        *(
            Entry(f"{n + 1}-1", Keypoints(timestampMs=n * 40.0, frameId=n, score=0.9, keypoints=joints))
            for n in range(50)
        )
    )  # fmt: skip
    player.finish()
    guest.state("done")
    tab.run(
        "(() => { const v = document.querySelector('#video'); v.pause(); v.currentTime = 1; })()"
    )
    tab.wait("Math.abs(Number(document.querySelector('#overlay').dataset.pose) - 1000) < 60")
    # halfway along the foot, where no joint's dot is
    assert tab.run("""(() => { const c = document.querySelector('#overlay');
      return c.getContext('2d').getImageData(c.width * 0.5 - 3, c.height * 0.6 - 3, 7, 7).data
        .some((value, n) => n % 4 === 3 && value > 200); })()""")
    assert guest.got == player.said
    assert len(guest.got[0]["keypoints"]) == 33


def test_a_photo_has_no_exercise(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores, tmp_path: Path
) -> None:
    """`source=image` wins: not even an exercise that lacks what it needs is in the way."""
    url = site.page(key, source="image", exercise="jump_analysis", keypoints="true")
    guest = visit(tab, FLUTTER, url, host)
    guest.state("pick")
    photo = tmp_path / "me.png"
    photo.write_bytes(base64.b64decode(PICTURE.partition(",")[2]))
    tab.choose("#file", photo)
    player = next_job(stores)
    options = stores.jobs.get(player.id).options
    assert (options.source, options.keypoints, options.progression) == ("image", True, False)
    player.say(Entry("1-1", ImageOverlay(dataUrl=PICTURE)))
    player.finish()
    guest.state("done")
    assert guest.got == player.said
    assert tab.text("#reps") == ""
    assert tab.console == []


def test_every_option_of_the_contract_is_tried(shared: Path) -> None:
    text = (shared / "CONTRACT.md").read_text().split("## Options")[1].split("The page ignores")[0]
    bare = re.sub(r"\([^)]*\)|`\w+`(?:\\\|`\w+`)+", "", text.partition("\n")[2])
    named = set(re.findall(r"`(\w+)`", bare))
    # test_uploading.py has the token and the media's address, test_layout.py all of the layout
    elsewhere = {"token", "videoSrc", "imageSrc", *LAYOUT}
    assert named == {*ASKED, "reference", *elsewhere}
