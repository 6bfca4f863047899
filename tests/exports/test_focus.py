"""What stands out: the joints of a rep's worst fault, while that rep is under way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from worker.contract.keypoints import COCO_NAMES, COUNT
from worker.contract.landmarks import MEDIAPIPE_NAMES
from worker.contract.message_parts import CriterionScore, Rep
from worker.contract.options import JobOptions
from worker.exports.focus import focus_track, joint_bits, worst_fault
from worker.exports.highlights import collect_highlights
from worker.exports.report import write_report
from worker.exports.video import drawings
from worker.media.rendering import theme
from worker.media.rendering.planes import rgb_planes
from worker.media.rendering.skeleton import draw_pose


def criterion(name: str, score: float | None, *joints: str) -> CriterionScore:
    return CriterionScore(
        name=name, judged=score is not None, unit="deg", score=score, joints=joints
    )


def rep(*criteria: CriterionScore, start: float = 1000, counted: bool = True) -> Rep:
    return Rep(
        index=1, startMs=start, endMs=start + 2000, durationMs=2000, formScore=60, grade="D",
        counted=counted, criteria=criteria,
    )  # fmt: skip


def test_the_worst_fault_is_one_that_can_be_pointed_at() -> None:
    faults = (
        criterion("range", 96.0, "hip"),
        criterion("trunk_forward", 30.0, "shoulder", "hip"),
        criterion("knees_in", 20.0, "knee"),
        criterion("tempo", 1.0),
        criterion("shift", None, "hip"),
    )
    found = worst_fault(rep(*faults))
    assert found is not None and found.name == "knees_in"
    assert worst_fault(rep(criterion("range", 60.0, "hip"))) is None
    assert worst_fault(msgspec.structs.replace(rep(), criteria=None)) is None


@pytest.mark.parametrize(("count", "names"), [(COUNT, COCO_NAMES), (33, MEDIAPIPE_NAMES)])
def test_bits_are_of_both_sides_joints(count: int, names: tuple[str, ...]) -> None:
    bits = joint_bits(("hip", "knee"), count)
    shown = {name for place, name in enumerate(names) if bits >> place & 1}
    assert shown == {"left_hip", "right_hip", "left_knee", "right_knee"}


def test_a_track_shows_them_within_the_rep_alone() -> None:
    fault = criterion("knees_in", 20.0, "knee")
    track = focus_track([rep(fault), rep(fault, start=5000, counted=False), rep(fault, start=9000)])
    times = (0, 999_999, 1_500_000, 3_000_001, 6_000_000, 9_000_000)
    shown = [track.bits_at(time) > 0 for time in times]
    assert shown == [False, False, True, False, False, True]


def test_they_are_drawn_in_their_colour() -> None:
    pose = np.full((COUNT, 3), 0.9, np.float32)
    pose[:, 0] = np.linspace(0.1, 0.9, COUNT)
    pose[:, 1] = np.linspace(0.2, 0.8, COUNT)
    plain, shown = (np.zeros((240, 320, 3), np.uint8) for _ in range(2))
    draw_pose(rgb_planes(plain), pose, 320, 240)
    draw_pose(rgb_planes(shown), pose, 320, 240, focus=joint_bits(("knee",)))
    assert not (plain == theme.FOCUS).all(axis=2).any()
    assert (shown == theme.FOCUS).all(axis=2).sum() > 20


def test_an_overlay_marks_no_joint_of_a_clean_rep(squats: list[bytes]) -> None:
    shown = list(drawings(lambda: squats, JobOptions(exercise="squat")))
    assert shown and all(drawing.hud.focus == 0 for drawing in shown)


def test_a_report_says_what_the_weakest_rep_needs(
    squats: list[bytes], clip: Path, tmp_path: Path
) -> None:
    options = JobOptions(exercise="squat", language="de")
    story = collect_highlights(lambda: squats, options)
    assert story.best is not None and story.best.rep is not None
    weak = rep(criterion("knees_in", 12.0, "hip", "knee", "ankle"))
    story.weakest = type(story.best)(story.best.time_us, story.best.pose, weak)
    write_report(clip, story, options, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "Drück die Knie nach außen über die Füße." in page
    assert '<td class="fault">12</td></tr>' in page and "Knie auseinander" in page
