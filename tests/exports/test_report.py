from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from worker.contract.exercises import unit_of
from worker.contract.message_parts import CriterionScore
from worker.contract.options import JobOptions
from worker.contract.poses import decode_chunk, decode_head
from worker.exercises import EXERCISES
from worker.exercises.names import NAMES
from worker.exports.files import ExportContext
from worker.exports.highlights import Highlights, KeyFrame, collect_highlights
from worker.exports.poster import write_poster
from worker.exports.report import report_page, write_report
from worker.exports.translations import TRANSLATIONS
from worker.motion.form import advice_on
from worker.motion.reference.builder import reference_of

OPTIONS = JobOptions(exercise="squat", language="de")
TEXTS = Path(__file__).resolve().parents[2] / "api" / "page" / "texts"


class Tags(HTMLParser):
    """Counts elements and checks that they are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.seen)


@pytest.fixture
def story(squats: list[bytes]) -> Highlights:
    return collect_highlights(lambda: squats, OPTIONS)


def test_a_report_stands_alone(story: Highlights, clip: Path, tmp_path: Path) -> None:
    write_report(clip, story, OPTIONS, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    tags = Tags(page)
    assert "Kniebeuge" in page and "Jede" in page
    assert tags.count("script") == tags.count("link") == 0
    sources = [values.get("src") or "" for tag, values in tags.seen if tag == "img"]
    assert sources and all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not re.search(r"https?://|url\(|@import", page)
    assert story.best is not None and story.best.rep is not None
    judged = [one for one in story.best.rep.criteria or () if one.judged]
    assert tags.count("tr") == 1 + 2 + 1 + len(judged)
    assert tags.count("svg") == 4
    lines = [values["d"] or "" for tag, values in tags.seen if tag == "path"]
    assert all(line.count("M") == 1 and line.count("L") > 100 for line in lines)
    assert tags.count("rect") == 4 * 2


def test_the_telling_moment_is_the_bottom_of_the_squat(
    story: Highlights, squats: list[bytes]
) -> None:
    assert story.best is not None and story.best.rep is not None
    rep = story.best.rep
    middle = (rep.startMs + rep.endMs) / 2
    assert abs(story.best.time_us / 1000 - middle) < 0.25 * rep.durationMs
    standing = decode_chunk(squats[1]).keypoints[0]
    hips = [11, 12]
    assert (story.best.pose[hips, 1] > standing[hips, 1] + 0.1).all()


def test_best_and_weakest(story: Highlights, clip: Path, tmp_path: Path) -> None:
    assert story.summary is not None and story.best is not None and story.best.rep is not None
    weak = msgspec.structs.replace(story.best.rep, index=2, formScore=61.0, grade="D")
    story.weakest = type(story.best)(story.best.time_us, story.best.pose, weak)
    write_report(clip, story, OPTIONS, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert Tags(page).count("img") == 2
    assert (
        TRANSLATIONS["de"]["best"] in page
        and TRANSLATIONS["de"]["weakest"] in page
        and "61" in page
    )


def test_the_advice_stands_below_the_repetition_that_it_is_about(
    story: Highlights, squats: list[bytes], clip: Path, tmp_path: Path
) -> None:
    assert story.best is not None and story.best.rep is not None
    fault = CriterionScore(
        name="knees_in", judged=True, unit="ratio", value=0.7, score=8.0,
        joints=("hip", "knee"), atMs=900.0,
    )  # fmt: skip
    weak = msgspec.structs.replace(story.best.rep, index=2, formScore=41.0, criteria=(fault,))
    reference = reference_of(
        decode_head(squats[0]), [decode_chunk(one) for one in squats[1:-1]][:1], "coach"
    )
    auto = collect_highlights(lambda: squats, JobOptions(exercise="auto"))
    beside = collect_highlights(lambda: squats, JobOptions(reference="ref_1"), reference)
    assert [one.judged_as for one in (story, auto)] == ["squat"] * 2
    assert beside.judged_as == reference.exercise
    said = advice_on("squat", "knees_in", "de")
    assert said is not None
    for exercise, count in (("squat", 1), (None, 0)):
        told = replace(story, judged_as=exercise, advice=[])
        told.weakest = KeyFrame(story.best.time_us, story.best.pose, weak)
        write_report(clip, told, OPTIONS, tmp_path / "r.html")
        assert (tmp_path / "r.html").read_text().count(said) == count


def test_a_joint_that_was_hardly_seen_has_no_curve(story: Highlights) -> None:
    story.angles[20:, 6:] = np.nan
    page = report_page(story, OPTIONS)
    assert Tags(page).count("svg") == 3
    assert f"<b>{TRANSLATIONS['de']['elbow']}</b>" not in page
    story.angles[:] = np.nan
    assert Tags(report_page(story, OPTIONS)).count("svg") == 0


def test_what_others_wrote_is_text(story: Highlights) -> None:
    story.advice = ["<script>alert(1)</script>"]
    assert "<script" not in report_page(story, OPTIONS)


@pytest.mark.parametrize("language", list(TRANSLATIONS))
def test_every_language_says_everything(story: Highlights, language: str) -> None:
    options = msgspec.structs.replace(OPTIONS, language=language)
    page = report_page(story, options)
    assert f'lang="{language}"' in page and NAMES["squat"][language] in page
    assert set(TRANSLATIONS[language]) == set(TRANSLATIONS["en"])
    assert set(NAMES) == set(EXERCISES)


@pytest.mark.parametrize("language", list(TRANSLATIONS))
def test_the_page_says_the_same(language: str) -> None:
    script = (TEXTS / f"{language}.js").read_text()
    page = dict(re.findall(r'^  (\w+):\s*"(.*)",$', script, re.MULTILINE))
    ours = TRANSLATIONS[language] | {name: texts[language] for name, texts in NAMES.items()}
    shared = set(page) & set(ours) - {"title", "best", "nobody"}
    assert len(shared) > 40
    assert {key: ours[key] for key in shared} == {key: page[key] for key in shared}


def test_without_an_exercise_there_is_still_a_picture(squats: list[bytes], clip: Path) -> None:
    given = ExportContext(lambda: squats, JobOptions(), clip)
    assert given.story.best is not None and given.story.best.rep is None
    assert "<table" not in report_page(given.story, given.options)


def test_a_recognised_exercise_has_its_name(squats: list[bytes]) -> None:
    asked = JobOptions(exercise="auto", language="de")
    told = collect_highlights(lambda: squats, asked)
    assert "<h1>Kniebeuge</h1>" in report_page(told, asked)


def test_a_poster_shows_pose_and_totals(story: Highlights, clip: Path, tmp_path: Path) -> None:
    write_poster(clip, story, OPTIONS, tmp_path / "p.jpg")
    bare = msgspec.structs.replace(OPTIONS, exercise=None, skeleton=False)
    write_poster(clip, story, bare, tmp_path / "bare.jpg")
    poster, plain = (cv2.imread(str(tmp_path / name)) for name in ("p.jpg", "bare.jpg"))
    assert poster is not None and plain is not None
    changed = np.abs(poster.astype(int) - plain).max(axis=2) > 60
    assert 0.005 < changed.mean() < 0.2


def test_with_auto_the_unit_is_that_of_what_was_recognised(
    story: Highlights, clip: Path, tmp_path: Path
) -> None:
    assert story.summary is not None
    story.summary = msgspec.structs.replace(story.summary, exercise="plank")
    write_report(clip, story, JobOptions(exercise="auto"), tmp_path / "r.html")
    assert "Seconds" in (tmp_path / "r.html").read_text()
    assert unit_of("auto", "plank") == "seconds"
    assert unit_of("auto", "auto") == unit_of("auto") == unit_of(None, "plank") == "reps"
