"""Poses that are held: plank, wall sit, balance on one leg. Their count is whole seconds.

Lengths are shares of stature; limits are those of the body, not of a good pose.
"""

from __future__ import annotations

from worker.exercises.model import HoldExercise, Limit

PLANK = HoldExercise(
    id="plank",
    lying=True,
    joints=("shoulder", "hip"),
    pose=(
        Limit("trunk_tilt", low=60, high=120),
        Limit("hip_flexion", high=35),
        # Mountain climbers fold one hip at a time.
        Limit("hip_flexion_difference", high=45),
        # On forearms or hands: lying flat leaves nothing under the shoulders.
        Limit("shoulder_over_wrist", low=0.08),
        Limit("hip_over_ankle", low=-0.07, high=0.25),
    ),
    # Push-ups pass through the pose twice a repetition, but do not stay.
    still=(Limit("shoulder_over_wrist", high=0.05), Limit("hip_flexion", high=30)),
)

WALL_SIT = HoldExercise(
    id="wall_sit",
    joints=("hip", "knee"),
    pose=(
        # Standing, the hips are 0.245 over the knees; from the front perspective hides half of it.
        Limit("hip_over_knee", high=0.21),
        # the thigh is 40 degrees from upright at least
        Limit("thigh_share", high=0.75),
        Limit("knee_step", high=0.1),
        Limit("hip_over_ankle", low=0.08),
        # An upright trunk: one that bends over grows short.
        Limit("trunk_tilt", high=35),
        Limit("shoulder_over_hip", low=0.2),
    ),
    # Squats pass through the pose.
    still=(Limit("hip_over_ankle", high=0.05), Limit("hip_over_knee", high=0.05)),
)


def _balance(exercise: str, foot: str) -> HoldExercise:
    # A foot 0.06 of stature (11 cm) over the other is off the floor; one that is only ahead of the
    # other looks up to 0.05 higher or lower.
    return HoldExercise(
        id=exercise,
        joints=("hip", "ankle"),
        pose=(
            Limit(foot, low=0.06),
            Limit("hip_over_lower_ankle", low=0.3),
            Limit("trunk_tilt", high=60),
        ),
        # Walking lifts the feet in turn.
        still=(Limit("left_lift", high=0.075),),
    )


BALANCE_LEG = _balance("balance_leg", "foot_lift")
BALANCE_LEG_LEFT = _balance("balance_leg_left", "right_lift")
"""On the left leg: the right foot is up."""
BALANCE_LEG_RIGHT = _balance("balance_leg_right", "left_lift")
