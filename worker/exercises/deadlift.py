"""Deadlift: the trunk bends to the load and stands up with it; a rep ends in the lockout."""

from __future__ import annotations

from worker.exercises.model import Advice, Criterion, Depth, Gate, RepExercise, Signal
from worker.exercises.texts import FULL_WAY, common

DEADLIFT = RepExercise(
    id="deadlift",
    # Height of the shoulders over the hips by arm length (the arms hang straight): 0.29 / 0.33 of
    # stature upright; half of it with the trunk 60 degrees from the vertical.
    signal=Signal("trunk_y", rest=0.93, full=0.48, sides="body"),
    joints=("shoulder", "hip"),
    depth=Depth(easy=0.4, normal=0.6, pro=0.85),
    gates=(Gate("hips_over_feet_y", low=0.4), Gate("raise_y", high=-0.5)),
    # A load takes its time; the dip before a jump does not.
    seconds=(0.7, 20.0),
    criteria=(
        Criterion("range", 0.5, good=0.95, bad=0.15),
        Criterion("tempo", 0.15, good=0.4, bad=0.1),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion("arms", 0.2, good=160.0, bad=120.0, feature="elbow_angle", measure="mean"),
    ),
    advice=(
        Advice("deadlift_full_range", "range", 75.0, FULL_WAY),
        Advice(
            "deadlift_straight_arms",
            "arms",
            50.0,
            {
                "en": "Keep your arms straight.",
                "fr": "Gardez les bras tendus.",
                "de": "Lass die Arme gestreckt.",
                "es": "Mantén los brazos estirados.",
                "pt": "Mantenha os braços esticados.",
            },
        ),
        *common("deadlift", ("tempo", "smoothness")),
    ),
)
