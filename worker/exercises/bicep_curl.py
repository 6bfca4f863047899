"""Biceps curl: forearms up from hanging arms and down again; both arms, one, or in turn.

The hammer curl differs by the grip alone, which 17 keypoints do not show.
"""

from __future__ import annotations

from dataclasses import replace

from worker.exercises.model import FEET_STAY, Condition, RepExercise, Signal

BICEP_CURL = RepExercise(
    id="bicep_curl",
    # The elbow bends by 110 of its 140 degrees (AAOS Joint Motion); the wrist rises by one and a
    # half times the forearm's length (0.146 of stature).
    signals=(Signal("elbow_flexion", 110), Signal("wrist_over_elbow", 0.22)),
    conditions=(
        FEET_STAY,
        Condition("elbow_flexion", "range", low=40),
        Condition("shoulder_height", "range", high=0.12),
    ),
    # upper arms hang and stay
    typical=(
        Condition("elbow_over_shoulder", "range", high=0.1),
        Condition("elbow_over_shoulder", "start", high=-0.05),
        Condition("elbow_flexion", "start", high=70),
    ),
    sides="each",
    joints=("shoulder", "elbow", "wrist"),
)

HAMMER_CURL = replace(BICEP_CURL, id="hammer_curl")
