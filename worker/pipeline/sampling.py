"""Which frames of a video are estimated.

An `auto` job that sends no joints needs no more poses than its exercise's turning points ask for.
A chunk of it is estimated from few frames first, and from twice as many as long as its movement is
too quick for those, so that the rate follows the tempo within a clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import AUTO, unit_of
from worker.contract.options import PARSERS, JobOptions
from worker.contract.poses import PoseChunk, Sampling, coco_joints
from worker.pose.tracking.box_interpolation import keyframes

HOLD_FPS = 5.0
"""Of poses that are held."""
REP_FPS = 7.5
"""Of calm repetitions; one of 1.6 s has 12 frames. Of the 161 labelled clips, by logs of every
frame, as many are counted right at this rate, twice it where not calm and four times where quick
as at 15 throughout (0.981 and 0.975 of two sets of logs), from 10.2 frames a second."""
QUICK_FPS = 30.0
"""Of quick movement; a repetition of 0.4 s has 12 frames."""
QUICK = 0.01
"""Share of the body's size by which a joint between two frames is off the line between them from
which movement is quick: more than an estimated joint jitters by."""
CALM = 0.008
"""The same of any one joint, of frames SPARSE_S apart or more: of who lifts one arm at a time only
a wrist goes far. At 0.01 one of the labelled clips, of such curls, loses its count."""
SPARSE_S = 0.1
"""Time between frames from which they show calm movement alone."""
SPARSE_KEYFRAME_S = 0.25
"""Time between detections of sampled frames: every other one of what is calm or held."""
_BODY = slice(5, 17)
"""Shoulders to ankles of the COCO keypoints."""
_SEEN = 0.3
_LEAST = 5
"""Frames of a chunk that tell anything about its tempo."""
_SLACK = 0.9
"""Containers round times: frames may be that much closer than the rate says."""
_SHORT = 4 / 3
"""Steps of thinned frames over those of the rate, at most: of 24 and 25 frames a second some are
1.25 times as long; from 20 downwards, legs would pass unseen between two frames."""


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


@dataclass(frozen=True)
class Selection:
    """Frames of a chunk to estimate: their `rows`, and of these the places of the `keys` in which
    people are looked for."""

    rows: list[int]
    keys: list[int]


def selections(times_us: NDArray[np.int64], sampling: Sampling | None) -> list[Selection]:
    """The frames of a chunk that are estimated first, and each time its movement was too quick for
    those: twice as many, at last all. All contain the frames and keys of those before. Without
    `sampling` all at once."""
    if sampling is None:
        return [Selection(list(range(len(times_us))), keyframes(times_us))]
    rate = sampling.quick or sampling.fps
    nested = [list(range(len(times_us)))]
    while rate / 2 >= sampling.fps:
        rate /= 2
        thinned = [nested[0][row] for row in sampled_rows(times_us[nested[0]], rate)]
        if len(thinned) < len(nested[0]) and _step(times_us[thinned]) <= _SHORT * 1e6 / rate:
            nested.insert(0, thinned)
    keys = {nested[0][key] for key in keyframes(times_us[nested[0]], SPARSE_KEYFRAME_S)}
    found = []
    for rows in nested:
        keys.add(rows[-1])
        found.append(Selection(rows, [n for n, row in enumerate(rows) if row in keys]))
    return found


def _step(times_us: NDArray[np.int64]) -> float:
    return float(np.median(np.diff(times_us))) if len(times_us) > 1 else 0.0


def is_quick(chunk: PoseChunk, aspect: float) -> bool:
    """Whether in a fifth of a chunk's frames two joints and more are off the line between the
    frames around them by QUICK, of sparse frames one joint by CALM; or those are too few to tell.
    `aspect` is the picture's width by height."""
    times, joints = chunk.times_us / 1e6, coco_joints(chunk.keypoints)[:, _BODY]
    sides = (chunk.boxes[:, 2:] - chunk.boxes[:, :2]) * [aspect, 1.0]
    size = float(np.median(sides.max(axis=1)))
    sparse = len(times) < 2 or bool(np.median(np.diff(times)) >= SPARSE_S)
    if size <= 0 or len(times) < _LEAST:
        return size > 0 and sparse
    places = joints[..., :2] * [aspect, 1.0]
    share = ((times[1:-1] - times[:-2]) / (times[2:] - times[:-2]))[:, None, None]
    off = places[1:-1] - places[:-2] - (places[2:] - places[:-2]) * share
    seen = np.minimum.reduce([joints[:-2, :, 2], joints[1:-1, :, 2], joints[2:, :, 2]]) > _SEEN
    # over two intervals; over one of them, an arc is a quarter as far from its chord
    away = np.where(seen, np.linalg.norm(off, axis=2) / 4, 0.0)
    if sparse:
        return bool(np.percentile(away, 80, axis=0).max() > CALM * size)
    second = np.sort(away, axis=1)[:, -2]
    return bool(np.percentile(second, 80) > QUICK * size)
