"""Renders the clips of tests/clips: `python -m tests.synthetic.rendering.clips [NAME]...`."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.synthetic.rendering.camera import View
from tests.synthetic.rendering.clothes import Outfit
from tests.synthetic.rendering.film import film
from tests.synthetic.rendering.keypoints import marks, write
from tests.synthetic.rendering.stage import Cut, Passer, Staged, staging
from tests.synthetic.rendering.take import Take, truth_of

FOLDER = Path(__file__).resolve().parents[2] / "clips"
KEYPOINTS = FOLDER / "keypoints.npz"
LARGEST = 300_000
"""Bytes that a shipped clip may have."""

_BLUE = Outfit()
_RED = Outfit(
    shirt=(0.55, 0.12, 0.14), trousers=(0.10, 0.12, 0.22), hair=(0.14, 0.07, 0.03), shorts=True,
    sleeve=0.3,
)  # fmt: skip
_GREEN = Outfit(
    shirt=(0.16, 0.42, 0.24), trousers=(0.30, 0.30, 0.33), skin=(0.48, 0.32, 0.23),
    hair=(0.03, 0.03, 0.03),
)  # fmt: skip
_PORTRAIT = View(distance=3.1, aim=0.88)
_OVERHEAD = View(distance=3.5, aim=1.05)
_WIDE = View(distance=4.2, aim=0.85, width=480, height=360)
_FLOOR = View(yaw=90, distance=3.0, level=0.8, aim=0.35, width=480, height=360)

TAKES = (
    Take(
        "squat_5", "squat", "squat", "man", (1.12,) * 5, (0.8, 0.1, 0.7, 0.3),
        view=replace(_PORTRAIT, yaw=40), seed=1,
    ),
    Take(
        "squat_front_3", "squat", "squat", "woman", (1.0,) * 3, (0.9, 0.15, 0.8, 0.4),
        view=_PORTRAIT, fps=25, seed=2, outfit=_RED,
    ),
    Take(
        "push_up_side_4", "push_up", "push_up", "man", (1.0,) * 4, (0.8, 0.1, 0.7, 0.3),
        view=_FLOOR, fps=25, seed=3, outfit=_GREEN,
    ),
    Take(
        "bicep_curl_side_4", "bicep_curl", "bicep_curl", "woman", (1.0,) * 4, (0.9, 0.1, 0.9, 0.3),
        view=replace(_PORTRAIT, yaw=75), fps=25, seed=4,
    ),
    Take(
        "jumping_jack_5", "jumping_jack", "jumping_jack", "man", (1.0,) * 5,
        (0.45, 0.05, 0.45, 0.15), view=_OVERHEAD, seed=5, outfit=_RED,
    ),
    Take(
        "lunge_side_4", "lunge", "lunge", "woman", (1.0,) * 4, (1.0, 0.1, 0.9, 0.3),
        view=replace(_PORTRAIT, yaw=80, distance=3.0), fps=25, seed=6, alternate=True,
        outfit=_RED,
    ),
    Take(
        "lateral_raise_3", "lateral_raise", "lateral_raise", "woman", (1.0,) * 3,
        (0.9, 0.1, 0.9, 0.4), view=replace(_PORTRAIT, distance=3.4, width=480), fps=25, seed=7,
    ),
    Take(
        "shoulder_press_4", "shoulder_press", "shoulder_press", "man", (1.0,) * 4,
        (0.8, 0.1, 0.8, 0.3), view=replace(_OVERHEAD, yaw=15), fps=25, seed=8, outfit=_GREEN,
    ),
    Take(
        "deadlift_side_3", "deadlift", "deadlift", "man", (1.0,) * 3, (1.0, 0.2, 1.0, 0.5),
        view=replace(_PORTRAIT, yaw=-90), seed=9, outfit=_RED,
    ),
    Take(
        "high_knees_8", "high_knees", "high_knees", "woman", (1.0,) * 8, (0.25, 0.0, 0.25, 0.1),
        view=_PORTRAIT, seed=10, alternate=True, outfit=_RED,
    ),
    Take(
        "plank_side_6s", "plank", "plank", "woman", (1.0,), (1.2, 6.0, 1.2, 0.3), view=_FLOOR,
        fps=25, seed=11, hold=True, outfit=_RED,
    ),
    Take(
        "balance_leg_5s", "balance_leg", "balance_leg", "man", (1.0,), (0.8, 5.0, 0.8, 0.3),
        view=replace(_PORTRAIT, yaw=20), fps=25, seed=12, hold=True, one_sided=True,
    ),
    Take(
        "jump_front_60fps", "jump", "air_time_jump", "man", jumps=(0.25, 0.42), lead=1.2,
        tail=0.4, view=View(distance=3.8, aim=1.1), fps=60, seed=13, outfit=_GREEN,
    ),
    Take(
        "jump_side_30fps", "jump", "air_time_jump", "woman", jumps=(0.33,), lead=1.2, tail=0.4,
        view=View(yaw=80, distance=3.6, aim=1.05), seed=14,
    ),
    Take(
        "standing_5s", "standing", None, "woman", lead=4.5, view=_PORTRAIT, fps=25, seed=15,
        outfit=_GREEN,
    ),
    Staged(
        "crossed_squat_3", "squat", "squat", "man", (1.0,) * 3, (0.9, 0.1, 0.9, 0.5), view=_WIDE,
        fps=25, seed=16, passers=(
            Passer(1.1, 3.4, near=1.0, outfit=_RED),
            Passer(5.0, 3.4, near=-0.8, way=-1, outfit=_GREEN),
        ),
    ),
    Staged(
        "cut_squat_4", "squat", "squat", "woman", (1.0,) * 4, (0.8, 0.1, 0.8, 0.4), view=_WIDE,
        fps=25, seed=17, outfit=_RED,
        cut=Cut(4.85, replace(_WIDE, yaw=55, distance=5.2, level=1.4), aside=1.2),
    ),
)  # fmt: skip
"""Every shipped clip."""


def make(take: Take) -> tuple[str, int]:
    """Films one clip; its name and its bytes. Raises ValueError where it is too large."""
    path = FOLDER / f"{take.name}.mp4"
    film(take, path)
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{path.name} has {size} bytes, over {LARGEST}")
    return path.name, size


def write_truth() -> None:
    """Writes truth.json of the clips that are there."""
    clips = []
    for take in TAKES:
        path = FOLDER / f"{take.name}.mp4"
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            said = truth_of(take) | staging(take)
            clips.append({**said, "bytes": path.stat().st_size, "sha256": digest})
    text = json.dumps({"generator": "tests/synthetic/rendering/clips.py", "clips": clips}, indent=1)
    (FOLDER / "truth.json").write_text(text + "\n")


def write_keypoints(processes: int) -> None:
    """Writes where the joints are in every clip; takes some minutes."""
    with ProcessPoolExecutor(processes) as pool:
        found = dict(zip([take.name for take in TAKES], pool.map(marks, TAKES), strict=True))
    write(KEYPOINTS, found)


def main() -> None:
    """Films what is asked for, two at a time, and writes the truth of all."""
    parser = argparse.ArgumentParser(prog="make clips", description=__doc__)
    parser.add_argument("names", nargs="*", help="these clips alone")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--truth", action="store_true", help="write the truth alone")
    asked = parser.parse_args()
    chosen = [take for take in TAKES if not asked.names or take.name in asked.names]
    chosen = [] if asked.truth else chosen
    with ProcessPoolExecutor(asked.processes) as pool:
        for name, size in pool.map(make, chosen):
            print(f"{name}  {size / 1000:.0f} kB", file=sys.stderr, flush=True)
    write_truth()
    write_keypoints(asked.processes)


if __name__ == "__main__":
    main()
