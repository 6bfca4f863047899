"""Which frames of a video are estimated.

An `auto` job that sends no joints needs no more poses than its exercise's turning points ask for.
Where the movement of a chunk is too quick for that rate, the chunk is estimated from more frames,
so that the rate follows the tempo within a clip.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import AUTO, unit_of
from worker.contract.options import PARSERS, JobOptions
from worker.contract.poses import PoseChunk, Sampling
from worker.motion.frames.landmarks import coco_joints

HOLD_FPS = 5.0
"""Of poses that are held: the subject's box is looked for as often."""
REP_FPS = 15.0
"""Of repetitions, chosen on the 161 labelled clips: one of them, which begins in mid-movement, is
counted right on every frame alone; at 12 and less knee drives and dips lose counts."""
QUICK_FPS = 30.0
"""Of quick movement; a repetition of 0.4 s has 12 frames."""
QUICK = 0.01
"""Share of the body's size by which a joint between two frames is off the line between them from
which movement is quick: more than an estimated joint jitters by."""
_BODY = slice(5, 17)
"""Shoulders to ankles of the COCO keypoints."""
_SEEN = 0.3
_LEAST = 5
"""Frames of a chunk that tell anything about its tempo."""
_SLACK = 0.9
"""Containers round times: frames may be that much closer than the rate says."""


def sampling_of(options: JobOptions, default: str = "auto") -> Sampling | None:
    """The sampling of a new job, None for every frame; `default` is that of jobs that name none.

    `auto` is every frame where joints or angles are sent, for jumps, whose height hangs on single
    frames, and where it is not known which exercise it is.
    """
    wanted = options.sampling or PARSERS["sampling"]("sampling", default)
    if wanted not in ("auto", "native"):
        return Sampling(fps=float(wanted))
    joints = options.keypoints or options.angles or "keypoints" in options.export_kinds
    known = options.exercise not in (None, AUTO)
    unit = unit_of(options.exercise)
    if wanted == "native" or options.source == "image" or joints or not known or unit == "jumps":
        return None
    return Sampling(fps=HOLD_FPS) if unit == "seconds" else Sampling(fps=REP_FPS, quick=QUICK_FPS)


def sampled_rows(times_us: NDArray[np.int64], fps: float) -> list[int]:
    """Rows of a chunk's frames at `fps` frames a second, the first among them."""
    rows = [0]
    for row, time in enumerate(times_us.tolist()):
        if time - times_us[rows[-1]] >= _SLACK * 1e6 / fps:
            rows.append(row)
    return rows


def is_quick(chunk: PoseChunk, rows: list[int], aspect: float) -> bool:
    """Whether in a fifth of a chunk's frames two joints and more are off the line between the
    frames around them by QUICK; of its frames those in `rows` are looked at. `aspect` is the
    picture's width by height."""
    times, joints = chunk.times_us[rows] / 1e6, coco_joints(chunk.keypoints[rows])[:, _BODY]
    sides = (chunk.boxes[rows, 2:] - chunk.boxes[rows, :2]) * [aspect, 1.0]
    size = float(np.median(sides.max(axis=1)))
    if len(rows) < _LEAST or size <= 0:
        return False
    places = joints[..., :2] * [aspect, 1.0]
    share = ((times[1:-1] - times[:-2]) / (times[2:] - times[:-2]))[:, None, None]
    off = places[1:-1] - places[:-2] - (places[2:] - places[:-2]) * share
    seen = np.minimum.reduce([joints[:-2, :, 2], joints[1:-1, :, 2], joints[2:, :, 2]]) > _SEEN
    # over two intervals; over one of them, an arc is a quarter as far from its chord
    away = np.where(seen, np.linalg.norm(off, axis=2) / 4, 0.0)
    second = np.sort(away, axis=1)[:, -2]
    return bool(np.percentile(second, 80) > QUICK * size)
