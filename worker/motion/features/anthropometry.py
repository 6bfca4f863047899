"""Proportions of the human body, its stature, and what it falls by.

Shares of stature are those of Drillis and Contini 1966, in Winter, Biomechanics and Motor Control
of Human Movement, 4th ed. 2009, fig. 4.1; individuals differ from them by some 3 %.
"""

from __future__ import annotations

LEVELS: dict[str, float] = {"eye": 0.936, "shoulder": 0.818, "hip": 0.530, "ankle": 0.039}
"""Height of a standing person's joints over the floor by stature; ears are level with the eyes."""

SEGMENTS = (
    (("shoulder", "hip"), 0.288),
    (("hip", "knee", "ankle"), 0.491),
    (("shoulder", "elbow", "wrist"), 0.332),
)
"""Chains of joints and their lengths by stature."""

SHOULDER_WIDTH = 0.23
"""Distance of the shoulder joints by stature: 0.259 over the acromia, of which the joint centres
lack 1.5 cm a side."""

STANDING_SHARE = 0.63
"""Height of the hips over the ankles by that of the shoulders (0.491 of 0.779 of stature)."""

GRAVITY = 9.81
"""Metres per second squared."""

STATURE = 1.7
"""Metres, where nobody told: the world's adults lie within 8 % of it (NCD-RisC 2016)."""
