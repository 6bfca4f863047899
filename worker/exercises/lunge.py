"""Lunges: one leg steps out and bends, forwards or to the side; legs alternate or do not."""

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
from worker.exercises.texts import LOWER, UPRIGHT, common


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_deeper", "range", 75.0, LOWER),
        Advice(f"{exercise}_upright", "trunk", 50.0, UPRIGHT),
        *common(exercise, ("tempo", "smoothness")),
    )


LUNGE = RepExercise(
    id="lunge",
    # The front thigh goes level (0), the rear one stays upright (1).
    signal=Signal("low_thigh_y", rest=0.9, full=0.15, sides="body"),
    joints=("hip", "knee", "ankle"),
    depth=Depth(easy=0.4, normal=0.6, pro=0.85),
    gates=(Gate("trunk_tilt", high=50.0), Gate("hips_over_feet_y", low=0.25)),
    # The legs part, and the hips come down: a knee that is only lifted leaves them up.
    travels=(Travel("thigh_gap", minimum=0.3), Travel("stand_y", minimum=0.12)),
    seconds=(0.5, 15.0),
    criteria=(
        Criterion("range", 0.45, good=0.95, bad=0.15),
        Criterion("tempo", 0.1, good=0.5, bad=0.15),
        Criterion("smoothness", 0.2, good=0.0, bad=0.5),
        Criterion("trunk", 0.25, good=20.0, bad=55.0, feature="trunk_tilt", per_depth=True),
    ),
    advice=_advice("lunge"),
)

SIDE_LUNGE = RepExercise(
    id="side_lunge",
    # The hips come down; which knee bends is hidden where its shin leans to the camera, so the
    # legs' unlikeness only has to show some time in the rep.
    signal=Signal("leg_y", rest=0.98, full=0.74),
    joints=("hip", "knee", "ankle"),
    depth=Depth(easy=0.35, normal=0.5, pro=0.8),
    # The other leg stays long, unlike a lunge's, and both feet on the floor.
    gates=(
        Gate("hips_over_feet_y", low=0.25),
        Gate("long_leg", low=0.93),
        Gate("foot_up", high=0.4),
        # In profile feet that part along the picture go ahead, not aside.
        Gate("stride", high=0.5),
    ),
    # A foot that is only lifted leaves the hips up.
    travels=(Travel("side_step", minimum=0.3), Travel("stand_y", minimum=0.1)),
    seconds=(0.5, 15.0),
    criteria=(
        Criterion("range", 0.45, good=0.95, bad=0.15),
        Criterion("tempo", 0.1, good=0.5, bad=0.15),
        Criterion("smoothness", 0.2, good=0.0, bad=0.5),
        Criterion("trunk", 0.25, good=30.0, bad=65.0, feature="trunk_tilt", per_depth=True),
    ),
    advice=_advice("side_lunge"),
)
