"""Measures of the course of a rep in time; ratios, so that slow motion scores like real time."""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import TINY
from worker.motion.form.rep_frames import RepFrames

FALL = 0.1
"""Seconds in which a weight falls the middle 80 % of 12 cm; a rep's way is longer."""

TREMOR = 0.1
"""Share of the way that a movement goes back at least where it really goes back."""


def _phase_seconds(rep: RepFrames) -> tuple[float, float] | None:
    """Seconds from 10 to 90 % of the way, out and back."""
    out, back = rep.share[: rep.turn + 1], rep.share[rep.turn :]
    if len(out) < 2 or len(back) < 2 or out[0] > 0.5 or back[-1] > 0.5:
        return None
    begin = int(np.flatnonzero(out <= max(0.1, float(out.min())))[-1])
    reach = int(np.flatnonzero(out >= 0.9)[0])
    leave = rep.turn + int(np.flatnonzero(back >= 0.9)[-1])
    home = rep.turn + int(np.flatnonzero(back <= max(0.1, float(back.min())))[0])
    there = float(rep.seconds[reach] - rep.seconds[begin])
    return max(there, TINY), max(float(rep.seconds[home] - rep.seconds[leave]), TINY)


def drop_out(rep: RepFrames) -> float | None:
    """Seconds of the way out by those of the way back, where the load goes down on the way out: the
    lowering should take as long as the lifting (NSCA Essentials, 4th ed.)."""
    phases = _phase_seconds(rep)
    return None if phases is None else _ratio(*phases)


def drop_back(rep: RepFrames) -> float | None:
    """The same where the load goes down on the way back."""
    phases = _phase_seconds(rep)
    return None if phases is None else _ratio(*reversed(phases))


def _ratio(lowering: float, lifting: float) -> float | None:
    """None where no load falls as fast: the keypoints went to another limb."""
    return lowering / lifting if lowering >= FALL else None


def detour(rep: RepFrames) -> float | None:
    """Way covered beyond out and back by the way out and back: 0 for one clean arc.

    Moves back and forth of less than TREMOR are none: they are the keypoints', and more where
    frames are more. From the lowest before the turning point to the lowest after it: what lies
    beyond is of another rep.
    """
    begin = int(np.argmin(rep.share[: rep.turn + 1]))
    end = rep.turn + int(np.argmin(rep.share[rep.turn :]))
    share = rep.share[begin : end + 1]
    direct = 2.0 - float(share[0]) - float(share[-1])
    if len(share) < 4 or direct < 0.5:
        return None
    return max(_way(share.tolist()) - direct, 0.0) / direct


def _way(values: list[float]) -> float:
    """Way from the first to the last value, over each turn of TREMOR and more."""
    way, turned, farthest, up = 0.0, values[0], values[0], True
    for value in values:
        if (value > farthest) == up:
            farthest = value
        elif abs(farthest - value) >= TREMOR:
            way += abs(farthest - turned)
            turned, farthest, up = farthest, value, not up
    return way + abs(farthest - turned) + abs(values[-1] - farthest)
