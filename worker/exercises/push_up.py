"""Push-up: on hands and feet (or knees), chest to the floor and back to straight arms."""

from __future__ import annotations

from worker.exercises.model import Advice, Condition, Criterion, RepExercise, Signal
from worker.exercises.texts import STRAIGHT_BODY, common

PUSH_UP = RepExercise(
    id="push_up",
    # The shoulders come down to the hands by an upper arm's length (0.186 of stature), the elbows
    # bend to 90 degrees.
    signals=(
        Signal("shoulder_over_wrist", -0.18),
        Signal("elbow_flexion", 90, weight=0.7),
        Signal("shoulder_height", -0.18, weight=0.7),
    ),
    conditions=(
        Condition("shoulder_height", "range", low=0.06),
        Condition("wrist_height", "range", high=0.25),
    ),
    lying=True,
    joints=("shoulder", "wrist"),
    criteria=(
        Criterion("range", 0.4, good=0.95, bad=0.15),
        # head-on alone, where the trunk is foreshortened: from 10 degrees beside it on, the nearer
        # hand lies lower in the picture and the arms seem to differ
        Criterion("symmetry", 0.15, good=0.1, bad=0.6, view="front", facing=5.0),
        Criterion("tempo", 0.1, good=0.7, bad=0.2),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion(
            "body_line",
            0.2,
            good=155.0,
            bad=115.0,
            feature="hip_angle",
            measure="mean",
            view="side",
        ),
    ),
    advice=(
        Advice(
            "push_up_deeper",
            "range",
            75.0,
            {
                "en": "Bring your chest closer to the floor.",
                "fr": "Rapprochez la poitrine du sol.",
                "de": "Bring die Brust näher zum Boden.",
                "es": "Acerca más el pecho al suelo.",
                "pt": "Aproxime mais o peito do chão.",
            },
        ),
        Advice(
            "push_up_straight_body",
            "body_line",
            50.0,
            STRAIGHT_BODY,
        ),
        *common("push_up"),
    ),
)
