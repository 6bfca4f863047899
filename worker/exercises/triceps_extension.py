"""Triceps extension: the upper arm stays, the elbow straightens against a load and bends again.

Overhead and lying the hand goes up as the arm straightens, at the cable it goes down.
"""

from __future__ import annotations

from worker.exercises.model import Condition, RepExercise, Signal

TRICEPS_EXTENSION = RepExercise(
    id="triceps_extension",
    # The elbow straightens by 90 degrees; the hand rises or sinks by one and a half times the
    # forearm's length (0.146 of stature). Only the one that goes along has a say.
    signals=(
        Signal("elbow_flexion", -90),
        Signal("wrist_over_elbow", 0.2, weight=0.7),
        Signal("wrist_over_elbow", -0.2, weight=0.7),
    ),
    conditions=(
        Condition("elbow_flexion", "range", low=40),
        Condition("elbow_over_shoulder", "range", high=0.15),
        Condition("shoulder_height", "range", high=0.1),
    ),
    # the elbows are over the shoulders; at the cable it looks like a curl
    typical=(
        Condition("elbow_over_shoulder", "start", low=0),
        Condition("elbow_flexion", "start", low=60),
        Condition("hip_height", "range", high=0.06),
    ),
    sides="each",
    joints=("shoulder", "elbow", "wrist"),
)
