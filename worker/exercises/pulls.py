"""Pulls: the body up to a bar, or a load up to the body."""

from __future__ import annotations

from worker.exercises.model import FEET_STAY, Condition, RepExercise, Signal

PULL_UP = RepExercise(
    id="pull_up",
    # From hanging an arm's length (0.332 of stature) below the hands until the chin is over the
    # bar, which leaves the shoulders a head's height (0.1) below it.
    signals=(
        Signal("shoulder_over_wrist", 0.23),
        Signal("elbow_flexion", 100, weight=0.7),
        Signal("shoulder_height", 0.23, weight=0.7),
    ),
    conditions=(
        Condition("shoulder_over_wrist", "start", high=-0.1),
        Condition("shoulder_height", "range", low=0.06),
        Condition("wrist_height", "range", high=0.2),
    ),
    # hangs from hands that stay
    typical=(
        Condition("wrist_height", "range", high=0.1),
        Condition("shoulder_over_wrist", "start", high=-0.2),
    ),
    joints=("shoulder", "elbow", "wrist"),
)

ROW = RepExercise(
    id="row",
    # The elbow goes from hanging below the shoulder to beside the trunk: it bends by 80 degrees,
    # and in a stoop it rises by its upper arm's length (0.186 of stature), the hand with it.
    signals=(
        Signal("elbow_flexion", 80),
        Signal("elbow_over_shoulder", 0.17),
        Signal("wrist_over_shoulder", 0.2, weight=0.7),
    ),
    conditions=(
        FEET_STAY,
        # of one arm's pull half shows in the mean of both
        Condition("elbow_flexion", "range", low=20),
        Condition("wrist_over_shoulder", "start", high=0.0),
        Condition("wrist_over_shoulder", "turn", high=0.1),
        Condition("shoulder_height", "range", high=0.15),
    ),
    # the trunk leans, the hands come to the ribs, not to the shoulders
    typical=(
        Condition("shoulder_over_hip", "turn", high=0.25),
        Condition("wrist_over_shoulder", "turn", high=-0.03),
        Condition("wrist_over_ankle", "range", low=0.08),
    ),
    sides="each",
    # arms that swing in a walk bend by 40 degrees
    least=0.6,
    joints=("shoulder", "elbow", "wrist"),
)
