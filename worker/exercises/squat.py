"""Squat: hips down between the knees and up again, feet in place."""

from __future__ import annotations

from worker.exercises.model import (
    Advice,
    Criterion,
    Depth,
    FrontSignal,
    Gate,
    RepExercise,
    Signal,
)
from worker.exercises.texts import LOWER, common

SQUAT = RepExercise(
    id="squat",
    # Thigh height: 1 standing; 0.2 with the thigh ~78 degrees from the vertical, where hip and
    # knee landmarks are level in competition squats (IPF rules: hip crease below the knee).
    # From the front the knees come 0.4 m nearer to the camera and look lower by up to 20 cm, while
    # hips and ankles keep their distance: there the hips' height says more. 0.55 of the leg is
    # left with shin and thigh at 34 and 76 degrees.
    signal=Signal(
        "thigh_y", rest=1.0, full=0.2, front=FrontSignal("leg_y", rest=1.0, full=0.55, share=0.7)
    ),
    joints=("hip", "knee", "ankle"),
    depth=Depth(easy=0.4, normal=0.6, pro=0.85),
    gates=(
        Gate("hips_over_feet_y", low=0.25),
        Gate("trunk_tilt", high=75.0),
        Gate("thigh_gap", high=0.5),
        # Feet this far apart are a side lunge's.
        Gate("feet_spread", high=1.1),
        Gate("side_step", high=0.5),
        # Hands at the shins under level shoulders pull a bar from the floor.
        Gate("floor_pull", high=0.4),
    ),
    seconds=(0.5, 20.0),
    criteria=(
        Criterion("range", 0.4, good=0.95, bad=0.15),
        Criterion("symmetry", 0.15, good=0.08, bad=0.5, view="front"),
        Criterion("tempo", 0.1, good=0.7, bad=0.2),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion(
            "trunk",
            0.2,
            good=45.0,
            bad=80.0,
            feature="trunk_tilt",
            measure="max",
            per_depth=True,
            view="side",
        ),
    ),
    advice=(
        Advice(
            "squat_deeper",
            "range",
            75.0,
            LOWER,
        ),
        Advice(
            "squat_chest_up",
            "trunk",
            50.0,
            {
                "en": "Keep your chest up.",
                "fr": "Gardez le buste droit.",
                "de": "Halte die Brust aufrecht.",
                "es": "Mantén el pecho erguido.",
                "pt": "Mantenha o peito erguido.",
            },
        ),
        *common("squat"),
    ),
)
