"""Calf raise: up on the toes with straight knees, and down again.

Heels are not among the 17 joints and no angle between them changes: all that shows is the whole
body a hand's breadth higher (5 % of stature). So this one watches a height in the picture against
the subject's own standing level, which a moving camera, a zoom, or a step towards the camera
falsifies; single-leg raises look the same; and how far the heels could rise is not known, so
`range` is by an average ankle's.
"""

from __future__ import annotations

from worker.exercises.model import Advice, Criterion, Depth, Gate, RepExercise, Signal
from worker.exercises.texts import FULL_WAY, common

CALF_RAISE = RepExercise(
    id="calf_raise",
    # The ankles rise by ~0.05 of stature on the toes (see worker.motion.jumps.legs.HEEL).
    signal=Signal("height_y", rest=0.0, full=0.05, sides="body", own_rest=True),
    joints=("shoulder", "hip", "knee", "ankle"),
    depth=Depth(easy=0.4, normal=0.55, pro=0.9),
    gates=(
        Gate("knee_angle", low=150.0),
        Gate("trunk_tilt", high=25.0),
        Gate("foot_up", high=0.12),
        Gate("hips_over_feet_y", low=0.85),
        Gate("leg_y", low=0.9),
        Gate("trunk_y", low=0.75),
        Gate("feet_spread", high=0.8),
    ),
    seconds=(0.6, 15.0),
    lowering="back",
    criteria=(
        Criterion("range", 0.6, good=0.95, bad=0.15),
        Criterion("tempo", 0.2, good=0.7, bad=0.2),
        Criterion("smoothness", 0.2, good=0.0, bad=0.5),
    ),
    advice=(
        Advice("calf_raise_full_range", "range", 75.0, FULL_WAY),
        *common("calf_raise", ("tempo", "smoothness")),
    ),
)
