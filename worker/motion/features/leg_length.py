"""Length of the subject's own leg, known from before a squat turned it towards the camera.

From the front the shin and thigh of a squat lean at the camera and look short, all the more the
nearer it is; what they measure at that moment tells nothing of the leg. What they measured while
the subject stood there does: foreshortening only shortens, so the longest is the truth, for as
long as the feet keep their place in the picture. When they leave it (a step, a walk nearer, a zoom
cut, somebody else), what was known is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.features import Body, Floats, least_leg, merged

MEMORY = 30.0
"""Seconds that a length is known for."""

STEP = 0.15
"""Shares of the leg that an ankle moves by at most while the foot stays: a foot's own roll and the
pose model's noise; a subject who comes a seventh nearer to a camera at hip height moves by more."""

SHORTENED = 1.4
"""Most that a leg known from before is longer than it looks: a shin at 45 degrees. What looks
shorter than that is farther away."""

SURE = 0.2
"""Score from which a leg is believed."""

_LEG = ("hip", "knee", "ankle")


class OwnLeg:
    """Keeps the lengths seen since the feet came to where they are; fed in order."""

    def __init__(self) -> None:
        self._feet: Floats = np.zeros((0, 2))
        self._kept: list[tuple[float, float]] = []

    def with_leg_length(
        self, seconds: Floats, body: Body, known: NDArray[np.bool_], blocks: Sequence[slice]
    ) -> Body:
        """The body with its `legs`; `seconds` [n] and `known` [n] are its frames', of which each
        of `blocks` knows what was seen to its end."""
        least = least_leg(body)
        seen = body.seen(_LEG)
        sure = known & (seen.max(axis=1) >= SURE)
        chain = merged(body.length("hip", "knee") + body.length("knee", "ankle"), seen)
        x, y = body.pair("ankle")
        ankles = np.stack((x, y), axis=-1)
        longest = np.zeros(len(seconds))
        for block in blocks:
            rows = sure[block]
            if rows.any():
                longest[block] = self._longest(
                    float(seconds[block][-1]), chain[block][rows], ankles[block][rows]
                )
        return replace(
            body, legs=np.maximum(np.minimum(longest[:, None], SHORTENED * least), least)
        )

    def _longest(self, now: float, chain: Floats, ankles: Floats) -> float:
        """Length of the leg after a block: `chain` [n] and `ankles` [n, 2, 2] are its frames'."""
        length = float(_middle(chain))
        if not self._stays(ankles, STEP * length):
            self._kept = []
            self._feet = _middle(ankles)
        self._kept = [one for one in self._kept if one[0] > now - MEMORY]
        self._kept.append((now, length))
        # A leg seen too long for a moment is not believed once there are others to compare.
        return sorted(one[1] for one in self._kept)[-1 - min(len(self._kept) // 10, 2)]

    def _stays(self, ankles: Floats, most: float) -> bool:
        """Whether a foot is where one was; the pose model may take left for right."""
        if not len(self._feet):
            return False
        apart = ankles[:, :, None] - self._feet
        away = (apart**2).sum(axis=-1).min(axis=(1, 2))
        return bool(_middle(away) <= most * most)


def _middle(values: Floats) -> Floats:
    """The (upper) median along the first axis; numpy's costs ten times as much for a few values."""
    middle: Floats = np.sort(values, axis=0)[len(values) // 2]
    return middle
