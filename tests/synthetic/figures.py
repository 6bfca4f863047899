"""Writes the console's pictures of exercises: the athlete at rest and at the turn of each move.

python -m tests.synthetic.figures
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.conftest import ROOT
from tests.synthetic.moves import MOVES
from tests.synthetic.perform import Camera, project
from worker.contract.exercises import CATALOGUE

FILE = ROOT / "api" / "page" / "console" / "figures.js"
_SAME = {
    "balance_leg_right": "balance_leg_left",
    "jump_analysis": "squat",
    "air_time_jump": "squat",
}
_SIDEWAYS = {
    "squat", "deadlift", "push_up", "row", "kettlebell_swing", "burpee", "bench_press", "wall_sit",
    "lunge", "triceps_extension", "front_raise", "high_knees", "pull_up",
}  # fmt: skip
"""Seen from any side, and told apart best from this one."""
_HEAD = """/** @file Each exercise at rest and at its turn, by tests/synthetic/figures.py. */

/** x, y of COCO's 17 joints of both poses, in hundredths of the picture's height. */
export const FIGURES = /** @type {Record<string, number[][]>} */ ({
"""


def figure(exercise: str) -> list[list[int]]:
    """Both poses of an exercise, from the side where its camera may stand there."""
    side = CATALOGUE[exercise].view == "side" or exercise in _SIDEWAYS
    depths = np.array([0.0, 1.0])
    resting = np.array([0.0, 0.0 if exercise == "high_knees" else 1.0])
    joints = MOVES[_SAME.get(exercise, exercise)](depths, resting)
    camera = Camera(
        yaw=60.0 if side else 15.0, distance=4.5, focal=2.0, width=100, frame_height=100
    )
    places = project(joints, camera)
    if exercise == "balance_leg_right":
        places[..., 0] = 1 - places[..., 0]
    return [[round(100 * float(value)) for value in pose.reshape(-1)] for pose in places]


def rendered() -> str:
    """The module's text."""
    rows = (
        f"  {name}: {json.dumps(figure(name), separators=(', ', ': '))},\n" for name in CATALOGUE
    )
    return _HEAD + "".join(rows) + "});\n"


if __name__ == "__main__":
    Path(FILE).write_text(rendered(), encoding="utf-8")
