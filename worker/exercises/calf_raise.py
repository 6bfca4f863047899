"""Calf raise: up on the toes with straight knees, and down again.

Heels are not among the 17 joints and no angle between them changes: all that shows is the whole
body a hand's breadth higher (5 % of stature). So this one watches a height in the picture against
the subject's own standing level, which a moving camera, a zoom, or a step towards the camera
falsifies; single-leg raises look the same; and how far the heels could rise is not known, so
`range` is by an average ankle's.
"""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

CALF_RAISE = RepExercise(
    id="calf_raise",
    # The whole body rises by 0.05 of stature on the toes (see worker.motion.jumps.edges.HEEL).
    signals=(
        Signal("shoulder_height", 0.05),
        Signal("hip_height", 0.05),
        Signal("knee_height", 0.05),
    ),
    conditions=(
        Condition("shoulder_over_hip", "range", high=0.06),
        Condition("ankle_step", "range", high=0.06),
        # a jump lifts the hips by more
        Condition("hip_height", "range", high=0.12),
        Condition("ankle_spread", "range", high=0.12),
    ),
    # upright, arms still
    typical=(
        Condition("shoulder_over_ankle", "start", low=0.6),
        Condition("wrist_over_shoulder", "range", high=0.08),
    ),
    joints=("shoulder", "hip", "knee", "ankle"),
)
