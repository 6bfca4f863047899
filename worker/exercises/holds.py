"""Poses that are held: plank, wall sit, balance on one leg. Their count is whole seconds."""

from __future__ import annotations

from worker.exercises.model import Gate, HoldExercise, Travel

PLANK = HoldExercise(
    id="plank",
    lying=True,
    joints=("shoulder", "hip"),
    gates=(
        Gate("trunk_tilt", low=60.0, high=120.0),
        Gate("hip_angle", low=145.0),
        # Mountain climbers fold one hip at a time.
        Gate("bent_hip", low=130.0),
        # On forearms (~0.5) or hands (~1): lying flat leaves nothing under the shoulders.
        Gate("support_y", low=0.25),
        Gate("hips_over_feet_y", low=-0.15, high=0.5),
    ),
    # Push-ups pass through the pose twice a rep, but do not stay: they range over 0.3 and more;
    # mountain climbers over 90 degrees at the hip.
    still=(Travel("support_y", maximum=0.15), Travel("bent_hip", maximum=40.0)),
)

WALL_SIT = HoldExercise(
    id="wall_sit",
    joints=("hip", "knee", "ankle"),
    gates=(
        # Thighs near level; from the front perspective leaves 0.4 of that.
        Gate("thigh_y", high=0.6),
        Gate("thigh_gap", high=0.5),
        Gate("hips_over_feet_y", low=0.3),
        Gate("trunk_tilt", high=35.0),
        # The same from the front: a trunk that bends over grows short against the shoulders.
        Gate("frontal", high=0.9),
    ),
    # Squats pass through the pose.
    still=(Travel("leg_y", maximum=0.12),),
)


def _balance(exercise: str, foot: str) -> HoldExercise:
    # An ankle 0.13 of the leg (~11 cm) over the other is off the floor; a foot that is only ahead
    # of the other looks up to 0.1 higher or lower.
    return HoldExercise(
        id=exercise,
        joints=("hip", "ankle"),
        gates=(
            Gate(foot, low=0.13),
            Gate("hips_over_feet_y", low=0.6),
            Gate("trunk_tilt", high=60.0),
        ),
        # Walking lifts the feet in turn.
        still=(Travel("right_foot_lift", maximum=0.15),),
    )


BALANCE_LEG = _balance("balance_leg", "foot_lift")
BALANCE_LEG_LEFT = _balance("balance_leg_left", "right_foot_lift")
"""On the left leg: the right foot is up."""
BALANCE_LEG_RIGHT = _balance("balance_leg_right", "left_foot_lift")
