"""The part of ACCURACY.md about keypoints: photos, still joints, exchanged legs."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench import keypoint_clips, keypoints
from tests.bench.accuracy_cases import development
from tests.bench.accuracy_poses import engine

BEGIN, END = "<!-- keypoints -->\n", "<!-- /keypoints -->\n"
_PART = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)

_PROTOCOL = """## Keypoints

Photos: the annotated pictures of `../shared/media/keypoints` ({pictures} COCO pictures, {people}
people with labelled joints: two AP are noise). Everybody in the picture is looked for, nothing is
given: detections above the detector's threshold, a pose a box, scored by box x mean joint. *Plain
pair*: NanoDet at 416 px, then Thunder on masked crops 1.25 boxes wide. A profile detects at 416 and
544 px, crops at 1.15, and drops a pose that repeats a better one (OKS above 0.7). AP, AP50 and AR
by pycocotools; mean OKS over annotated people of the pose that fits best, 0 where there is none.
"""


def text_of(shared: Path, root: Path) -> str:
    """The part, between its marks; estimates what is not kept."""
    folder = shared / "media" / "keypoints"
    pictures, _ = keypoints.photos(folder)
    people = sum(len(picture.people) for picture in pictures)
    model = engine().environment.model
    still = keypoint_clips.jitter(root / "tests" / "clips" / "standing_5s.mp4")
    clips = {case.clip: case.exercise for case in development(shared) if case.exercise}
    parts = [
        _PROTOCOL.format(pictures=len(pictures), people=people),
        keypoints.table(list(keypoints.measure(folder))),
        f"Still joints (`standing_5s.mp4`, `{model}`, body without face): {still:.2f} % of the "
        "body's height from frame to frame. The estimation filters nothing in time, so joints that "
        "move do not lag.\n",
        f"Legs that exchange their names on development clips (`{model}`), by continuity "
        "(`keypoint_swaps.py`):\n",
        keypoint_clips.swap_table(clips.items()),
    ]
    return BEGIN + "\n".join(parts) + END


def put(report: Path, part: str) -> None:
    """Puts the part into the report, in the place of the one of before."""
    text = report.read_text()
    if _PART.search(text):
        text = _PART.sub(lambda _: part, text)
    else:
        text = text.replace("## Athlete grid\n", part + "\n## Athlete grid\n", 1)
    report.write_text(text)
