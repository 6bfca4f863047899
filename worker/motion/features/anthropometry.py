"""Proportions of the human body, to turn pixels into centimetres and joints into its centre.

Lengths and levels are shares of stature (Drillis and Contini 1966, in Winter, Biomechanics and
Motor Control of Human Movement, 4th ed. 2009, fig. 4.1), masses shares of body mass (Dempster
1955, in Winter, table 4.1). Individuals differ from them by some 3 %.
"""

from __future__ import annotations

import numpy as np

from worker.motion.features.body_segments import Floats

LEVELS: dict[str, float] = {"eye": 0.936, "shoulder": 0.818, "hip": 0.530, "ankle": 0.039}
"""Height of a standing person's joints over the floor; ears are level with the eyes."""

GRAVITY = 9.81
"""Metres per second squared."""

STATURE = 1.7
"""Metres, where nobody told: the world's adults lie within 8 % of it (NCD-RisC 2016)."""

# Mass, and the place of its centre on the way from the first to the last joint.
_SEGMENTS: tuple[tuple[int, int, float, float], ...] = tuple(
    (first + side, last + side, mass, share)
    for first, last, mass, share in (
        (11, 5, 0.289, 0.66),
        (5, 7, 0.028, 0.436),
        (7, 9, 0.022, 0.682),
        (11, 13, 0.1, 0.433),
        (13, 15, 0.061, 0.606),
    )
    for side in (0, 1)
)


def _weights() -> Floats:
    weights = np.zeros(17)
    for first, last, mass, share in _SEGMENTS:
        weights[first] += mass * (1 - share)
        weights[last] += mass * share
    return weights


CENTRE: Floats = _weights()
"""Weight of each COCO joint in the body's centre of mass; they add up to 1."""
