"""Arms lifted against a load: lateral raise to shoulder height, shoulder press overhead."""

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
from worker.exercises.texts import FULL_WAY, UPRIGHT, common


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_full_range", "range", 75.0, FULL_WAY),
        Advice(f"{exercise}_upright", "trunk", 50.0, UPRIGHT),
        *common(exercise),
    )


_STANDING = Travel("leg_y", maximum=0.15)

_CRITERIA = (
    Criterion("range", 0.4, good=0.95, bad=0.15),
    Criterion("symmetry", 0.15, good=0.08, bad=0.5, view="front"),
    Criterion("tempo", 0.15, good=0.7, bad=0.2),
    Criterion("smoothness", 0.15, good=0.0, bad=0.5),
    Criterion("trunk", 0.15, good=10.0, bad=35.0, feature="trunk_tilt", per_depth=True),
)

LATERAL_RAISE = RepExercise(
    id="lateral_raise",
    # Wrists from hanging to shoulder height.
    signal=Signal("raise_y", rest=-0.95, full=0.0),
    joints=("shoulder", "elbow", "wrist"),
    depth=Depth(easy=0.5, normal=0.65, pro=0.9),
    gates=(
        Gate("trunk_tilt", high=40.0),
        Gate("elbow_angle", low=95.0),
        # Arms that go on overhead are a jack's.
        Gate("raise_y", high=0.65),
    ),
    # Arms that swing ahead in a squat do not lift a load.
    travels=(_STANDING,),
    seconds=(0.5, 15.0),
    lowering="back",
    criteria=_CRITERIA,
    advice=_advice("lateral_raise"),
)

SHOULDER_PRESS = RepExercise(
    id="shoulder_press",
    # Hands from the shoulders to overhead.
    signal=Signal("raise_y", rest=0.15, full=0.9),
    joints=("shoulder", "elbow", "wrist"),
    depth=Depth(easy=0.45, normal=0.65, pro=0.9),
    gates=(Gate("trunk_tilt", high=40.0),),
    # The elbows extend; arms that swing up straight do not press.
    travels=(Travel("elbow_angle", minimum=60.0),),
    seconds=(0.5, 15.0),
    lowering="back",
    criteria=_CRITERIA,
    advice=_advice("shoulder_press"),
)
