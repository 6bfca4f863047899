"""How an overlay looks: colours (RGB), sizes as parts of the frame's shorter side."""

from __future__ import annotations

Colour = tuple[int, int, int]

LEFT: Colour = (56, 189, 248)
RIGHT: Colour = (251, 146, 60)
MIDDLE: Colour = (241, 245, 249)
OUTLINE: Colour = (15, 23, 42)

SURE: Colour = (255, 255, 255)
DOUBTFUL: Colour = (250, 204, 21)
UNSURE: Colour = (239, 68, 68)
SURE_FROM = 0.7
DOUBTFUL_FROM = 0.5
DRAWN_FROM = 0.3
"""Keypoint scores: below the last one a joint and its limbs are not drawn."""

FOCUS: Colour = (239, 68, 68)
"""Of the joints and limbs that an advice is about."""
FOCUS_WIDTH = 1.4
"""Their thickness by that of the others."""

LIMB = 1 / 110
LIMB_OUTLINE = 1.6
JOINT = 1 / 100
JOINT_FILL = 0.65
MINIMUM_PIXELS = 2.0

PANEL: tuple[int, int, int, int] = (15, 23, 42, 200)
PANEL_HEIGHT = 0.2
PANEL_MARGIN = 0.03
BOLD = 0.012
TEXT: Colour = (255, 255, 255)
LABEL: Colour = (203, 213, 225)
BAR: Colour = (52, 211, 153)
BAR_TRACK: Colour = (71, 85, 105)
GRADES: dict[str, Colour] = {
    "A": (34, 197, 94),
    "B": (132, 204, 22),
    "C": (234, 179, 8),
    "D": (249, 115, 22),
    "F": (239, 68, 68),
}
