"""How late and how restless estimated joints are on video, against exactly known ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.bench.exact_scores import Taken
from tests.bench.exact_truth import Floats

REACH_S, STEP_S = 0.2, 0.001
BODY = slice(5, 17)
"""All joints but the face's."""
FAST = (
    ("jumping_jack_5", "wrists", (9, 10)),
    ("high_knees_8", "knees", (13, 14)),
    ("shoulder_press_4", "wrists", (9, 10)),
    ("squat_5", "hips", (11, 12)),
    ("squat_front_3", "hips", (11, 12)),
    ("jump_front_60fps", "hips", (11, 12)),
)
"""Clips, and the joints that move far and fast up and down in them."""


@dataclass(frozen=True)
class Lag:
    """Milliseconds by which joints are late, the correlation there, and the size of the estimated
    movement over that of the true one."""

    ms: float
    correlation: float
    gain: float


def lag(taken: Taken, joints: tuple[int, ...]) -> Lag:
    """Of the heights of `joints` in one clip: the shift of the true course, interpolated in time,
    that correlates best with the estimated one; the mean over the joints."""
    return Lag(*np.mean([_lag(taken, joint) for joint in joints], axis=0).tolist())


def _lag(taken: Taken, joint: int) -> tuple[float, float, float]:
    inside = (taken.times >= REACH_S) & (taken.times <= taken.times[-1] - REACH_S) & taken.there
    said = taken.places[inside, joint, 1]
    true = taken.truth.places[:, joint, 1]
    shifts = np.arange(-REACH_S, REACH_S + STEP_S / 2, STEP_S)
    moved = [np.interp(taken.times[inside] - shift, taken.times, true) for shift in shifts]
    found = np.array([np.corrcoef(said, course)[0, 1] for course in moved])
    best = int(found.argmax())
    gain = float(np.polyfit(moved[best], said, 1)[0])
    return 1000 * float(shifts[best]), float(found[best]), gain


def jitter(taken: Taken) -> float:
    """Root mean square step of the body's joints from frame to frame, less the true step, in per
    cent of the stature."""
    both = taken.there[1:] & taken.there[:-1]
    steps: Floats = np.diff(taken.offsets[:, BODY], axis=0)[both]
    return float(np.sqrt((steps**2).sum(axis=-1).mean()))
