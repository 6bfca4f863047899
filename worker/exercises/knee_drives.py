"""Knees driven up in turn, standing or on the hands; a rep counts at the top of each drive."""

from __future__ import annotations

from worker.exercises.model import (
    Advice,
    Criterion,
    Depth,
    Gate,
    RepExercise,
    Signal,
    Travel,
)
from worker.exercises.texts import HIGHER_KNEE, common


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_higher", "range", 70.0, HIGHER_KNEE),
        *common(exercise, ("smoothness",)),
    )


_CRITERIA = (
    Criterion("range", 0.7, good=0.95, bad=0.15),
    Criterion("smoothness", 0.3, good=0.0, bad=0.8),
)

HIGH_KNEES = RepExercise(
    id="high_knees",
    # The knee from below the hip (1) to its height (0).
    signal=Signal("thigh_y", rest=0.95, full=0.1, sides="each"),
    joints=("hip", "knee", "ankle"),
    depth=Depth(easy=0.4, normal=0.55, pro=0.85),
    # One leg stays tall: a lunge bends both.
    gates=(
        Gate("trunk_tilt", high=40.0),
        Gate("hips_over_feet_y", low=0.5),
        Gate("stand_y", low=0.75),
    ),
    travels=(Travel("lift_gap", minimum=0.3),),
    seconds=(0.12, 5.0),
    at="peak",
    criteria=_CRITERIA,
    advice=_advice("high_knees"),
)

MOUNTAIN_CLIMBER = RepExercise(
    id="mountain_climber",
    lying=True,
    # The thigh from the line of the body to under the chest.
    signal=Signal("hip_angle", rest=160.0, full=80.0, sides="each"),
    joints=("shoulder", "hip", "knee"),
    depth=Depth(easy=0.4, normal=0.55, pro=0.85),
    gates=(
        Gate("trunk_y", high=0.75),
        Gate("support_y", low=0.4),
        Gate("hips_over_feet_y", high=0.75),
        # Seen along the body, hips and knees hide one another.
        Gate("frontal", high=1.2),
        # The other leg stays long: on the knees both are bent.
        Gate("long_leg", low=0.9),
    ),
    # The shoulders stay over the hands; push-ups lower them.
    travels=(Travel("support_y", maximum=0.3),),
    seconds=(0.12, 5.0),
    at="peak",
    criteria=_CRITERIA,
    advice=_advice("mountain_climber"),
)
