"""Lunges: one leg steps out and bends, forwards or to the side; legs alternate or do not."""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

_LEGS = (
    Signal("deeper_knee_flexion", 90, weight=0.7),
    Signal("hip_over_ankle", -0.2),
    Signal("hip_height", -0.2, weight=0.5),
    Signal("shoulder_height", -0.2, weight=0.5),
)
_STANDING = (
    Condition("hip_height", "range", low=0.05),
    Condition("shoulder_over_hip", "start", low=0.1),
)

LUNGE = RepExercise(
    id="lunge",
    # The front thigh goes level: its knee bends by 90 degrees, the hips come down by most of a
    # thigh's length.
    signals=_LEGS,
    # true lunges bend by 50 degrees and more, walks towards the camera by 21 at most
    conditions=(*_STANDING, Condition("fold", "range", low=30)),
    # one knee is near the floor, the trunk upright
    typical=(
        Condition("knee_step", "turn", low=0.07),
        Condition("shoulder_over_hip", "turn", low=0.18),
    ),
    leading="knee_flexion",
    joints=("hip", "knee", "ankle"),
)

SIDE_LUNGE = RepExercise(
    id="side_lunge",
    # One knee bends, the other leg stays long; from the front the bent one points at the camera.
    signals=_LEGS,
    # of a bend towards the camera 33 degrees are seen
    conditions=(*_STANDING, Condition("fold", "range", low=25)),
    # feet far apart, one leg bent and the other long, both knees at one height
    typical=(
        Condition("knee_step", "turn", high=0.12),
        Condition("ankle_gap", "turn", low=0.4),
        Condition("knee_flexion_difference", "turn", low=30),
        Condition("wrist_over_ankle", "start", low=0.3),
    ),
    leading="knee_flexion",
    joints=("hip", "knee", "ankle"),
)
