"""Whether the pose of each frame is the subject's, where others cross or the camera is cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.bench.exact_motion import BODY
from tests.bench.exact_scores import Taken
from tests.bench.exact_truth import Floats

AWAY = 0.15
"""Mean distance of the body's joints from the subject's, in statures, that is nobody's pose."""


@dataclass(frozen=True)
class Kept:
    """Frames in all, without a pose, with another's pose, and with a pose that is nobody's; the
    seconds after the last cut in which no pose was the subject's."""

    frames: int
    lost: int
    swapped: int
    away: int
    blind_s: float


def kept(taken: Taken, cut_s: float | None = None) -> Kept:
    """How one clip's frames fare."""
    own, other = _apart(taken, taken.truth.places), _apart(taken, taken.truth.others)
    swapped = taken.there & (np.nan_to_num(other, nan=np.inf) < own)
    away = taken.there & ~swapped & (own > AWAY)
    right = taken.there & ~swapped & ~away
    blind = 0.0
    if cut_s is not None:
        after = (taken.times >= cut_s) & right
        found = taken.times[after][0] if after.any() else taken.times[-1]
        blind = float(found - taken.times[taken.times >= cut_s][0])
    return Kept(
        frames=len(own),
        lost=int((~taken.there).sum()),
        swapped=int(swapped.sum()),
        away=int(away.sum()),
        blind_s=blind,
    )


def _apart(taken: Taken, places: Floats) -> Floats:
    """Mean distance [n] of the body's joints from `places` [n, 17, 2], in statures."""
    offsets = np.linalg.norm(taken.places - places, axis=-1)[:, BODY]
    return offsets.mean(axis=1) / taken.truth.statures
