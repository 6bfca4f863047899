"""Turns the picture back where its rotation tag lays the subject on the side.

A file says how its frames are to be turned (QuickTime's track matrix), and some say it wrongly:
edited or re-recorded ones keep a tag whose turn was already done. The pixels cannot tell; a subject
who is to stand, and stands straight along the picture's width or on the head, can. Only media that
was turned is doubted, and only for exercises done on the feet: a sit-up lies rightly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Body, Floats

MEMORY = 10.0
"""Seconds that are looked back on: most of a straight body's time in them says which way is up."""

ENOUGH = 0.3
"""Seconds of a straight body before the picture is turned: a clip may begin with a rep."""

STEP = 0.2
"""Longest time, in seconds, that one frame stands for."""

STRAIGHT = 1.05
"""Greatest way from ankles over knees and hips to shoulders by the direct one: knees or hips bent
by some 35 degrees."""

SURE = 0.3
"""Score from which a joint is believed."""

_LINE = ("ankle", "knee", "hip", "shoulder")


class RollCorrection:
    """Knows which way is up for one job; fed in order."""

    def __init__(self, rotation: int, *, standing: bool) -> None:
        """`rotation` is the tag's turn in degrees; `standing` whether the exercise is."""
        self._doubted = standing and rotation % 360 != 0
        self._kept: Floats = np.zeros((0, 3))
        self._before: float | None = None

    def told(
        self, seconds: Floats, body: Body, known: NDArray[np.bool_], blocks: Sequence[slice]
    ) -> Body:
        """The body with the subject's up upwards; `seconds` [n] and `known` [n] are its frames', of
        which each of `blocks` knows what was seen to its end."""
        if not self._doubted:
            return body
        before = seconds[0] if self._before is None else self._before
        spans = np.minimum(np.diff(seconds, prepend=before), STEP)
        self._before = float(seconds[-1])
        turns, straight = _turns(body)
        rows, sure = np.stack((seconds, spans, turns), axis=1), known & straight
        x, y = body.x.copy(), body.y.copy()
        for block in blocks:
            for _ in range(self._turn(float(seconds[block][-1]), rows[block][sure[block]])):
                x[block], y[block] = y[block].copy(), -x[block]
        return Body(x=x, y=y, score=body.score)

    def _turn(self, now: float, rows: Floats) -> int:
        """Quarters to the left that a block is turned by."""
        kept = np.concatenate((self._kept[self._kept[:, 0] > now - MEMORY], rows))
        self._kept = kept
        times = [float(kept[kept[:, 2] == turn, 1].sum()) for turn in range(4)]
        best = int(np.argmax(times))
        return best if times[best] >= ENOUGH else 0


def _turns(body: Body) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Quarters [n] to the left that put shoulders over ankles, and where the body is straight."""
    pairs = [body.pair(joint) for joint in _LINE]
    points = np.stack([np.stack((x.mean(axis=1), y.mean(axis=1))) for x, y in pairs])
    up = points[-1] - points[0]
    direct = np.sqrt((up**2).sum(axis=0)) + 1e-9
    way = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1)).sum(axis=0)
    seen = body.seen(_LINE).max(axis=1) >= SURE
    # Up is -y in the picture; to its right is a quarter turn too far.
    turns = np.round(np.arctan2(up[0], -up[1]) / (np.pi / 2)).astype(np.int64) % 4
    return turns, seen & (way <= STRAIGHT * direct)
