"""The part of ACCURACY.md about keypoints: photos, exact truth, exchanged legs."""

from __future__ import annotations

from pathlib import Path

from tests.bench import accuracy_exact, keypoint_clips, keypoints
from tests.bench.accuracy_cases import development
from tests.bench.accuracy_poses import engine

_PROTOCOL = """### Photos

The annotated pictures of `../shared/media/keypoints` ({pictures} COCO pictures, {people}
people with labelled joints: two AP are noise). Everybody in the picture is looked for, nothing is
given: detections above the detector's threshold, a pose a box, scored by box x mean joint. *Plain
pair*: NanoDet at 416 px, then Thunder on masked crops 1.25 boxes wide. A profile detects at 416 and
544 px, crops at 1.15, and drops a pose that repeats a better one (OKS above 0.7). AP, AP50 and AR
by pycocotools; mean OKS over annotated people of the pose that fits best, 0 where there is none.
"""


def text_of(shared: Path) -> str:
    """The part; estimates what is not kept. What real people are needed for is left out without
    them."""
    real = (shared / "media").is_dir()
    photos = _photos(shared / "media" / "keypoints") if real else []
    swaps = _swaps(shared) if real else []
    return "\n".join(["## Keypoints\n", *photos, accuracy_exact.text_of(), *swaps])


def _photos(folder: Path) -> list[str]:
    pictures, _ = keypoints.photos(folder)
    people = sum(len(picture.people) for picture in pictures)
    return [
        _PROTOCOL.format(pictures=len(pictures), people=people),
        keypoints.table(list(keypoints.measure(folder))),
    ]


def _swaps(shared: Path) -> list[str]:
    clips = {case.clip: case.exercise for case in development(shared) if case.exercise}
    return [
        "### Exchanged legs\n",
        f"Legs that exchange their names on development clips (`{engine().environment.model}`), by "
        "continuity (`keypoint_swaps.py`):\n",
        keypoint_clips.swap_table(clips.items()),
    ]
