"""Proportions of the human body that turn pixels into centimetres, and what it falls by."""

from __future__ import annotations

LEVELS: dict[str, float] = {"eye": 0.936, "shoulder": 0.818, "hip": 0.530, "ankle": 0.039}
"""Height of a standing person's joints over the floor by stature; ears are level with the eyes
(Drillis and Contini 1966, in Winter, Biomechanics and Motor Control of Human Movement, 4th ed.
2009, fig. 4.1). Individuals differ from them by some 3 %."""

GRAVITY = 9.81
"""Metres per second squared."""

STATURE = 1.7
"""Metres, where nobody told: the world's adults lie within 8 % of it (NCD-RisC 2016)."""
