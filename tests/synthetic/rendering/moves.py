"""Each exercise as a table of joint curves over the depth of either side, and its contacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.synthetic.rendering.contacts import (
    STRAIGHT,
    ankle_height,
    ankle_on_ball,
    feet_flat,
    hands_and_toes,
    hip_x,
    leg_lengths,
)
from tests.synthetic.rendering.model import BodyModel
from tests.synthetic.rendering.posture import SIDES, Arm, Leg, Posture

Strike = Callable[["Table", BodyModel, float, float], Posture]


@dataclass(frozen=True)
class Curve:
    """Degrees from `rest` at depth 0 to `full` at depth 1, as a power of the depth."""

    rest: float = 0.0
    full: float = 0.0
    power: float = 1.0

    def __call__(self, depth: float) -> float:
        """Degrees at `depth`."""
        return self.rest + (self.full - self.rest) * max(depth, 0.0) ** self.power


def still(degrees: float) -> Curve:
    """An angle that does not move."""
    return Curve(degrees, degrees)


@dataclass(frozen=True)
class Table:
    """Joint curves in degrees, and the function that knows what touches the floor.

    Knee flexion and shin inclination where the feet stand; thigh flexion of a free leg; trunk and
    head forward from upright; arms by flexion, abduction and elbow. `stance` is the distance of
    the ankles in that of the hips, `turn` the toe-out.
    """

    strike: Strike
    knee: Curve = Curve(6.0, 6.0)
    shin: Curve = Curve(3.0, 3.0)
    thigh: Curve = Curve(2.0, 2.0)
    trunk: Curve = Curve(0.0, 0.0)
    head: Curve = Curve(0.0, 0.0)
    flexion: Curve = Curve(2.0, 2.0)
    abduction: Curve = Curve(9.0, 9.0)
    elbow: Curve = Curve(10.0, 10.0)
    twist: Curve = Curve(0.0, 0.0)
    stance: float = 1.1
    turn: float = 10.0


def _arms(table: Table, left: float, right: float) -> tuple[Arm, Arm]:
    first, second = (
        Arm(
            flexion=table.flexion(depth), abduction=table.abduction(depth),
            elbow=table.elbow(depth), twist=table.twist(depth),
        )
        for depth in (left, right)
    )  # fmt: skip
    return first, second


def on_both_feet(table: Table, model: BodyModel, left: float, right: float) -> Posture:
    """Both feet flat; knees, shins and trunk by the mean depth, each arm by its own."""
    mean = (left + right) / 2
    hips, legs = feet_flat(model, table.knee(mean), table.shin(mean), table.stance, table.turn)
    trunk = table.trunk(mean)
    return Posture(hips, legs, _arms(table, left, right), 0.75 * trunk, trunk, table.head(mean))


def on_hands_and_toes(table: Table, model: BodyModel, left: float, right: float) -> Posture:
    """Straight from head to ankles; the shoulders sink by the arms' curve (`elbow`, in percent)."""
    mean = (left + right) / 2
    return hands_and_toes(model, STRAIGHT - table.elbow(mean) / 100, table.trunk(mean))


def stepping_forward(table: Table, model: BodyModel, left: float, right: float) -> Posture:
    """One foot steps out in the first half of the depth; then both knees bend to the floor."""
    thigh, shank = leg_lengths(model)
    depth = max(left, right)
    step = float(np.clip(depth / 0.55, 0, 1))
    stride, height = 0.86 * step, ankle_height(model)
    hips_up = height + (thigh + shank) * (0.985 - 0.08 * step - 0.34 * max(depth - 0.3, 0) / 0.7)
    legs = []
    for own, (_, sign) in zip((left, right), SIDES, strict=True):
        front = own >= max(left, right) and depth > 0
        lift = 0.09 * np.sin(np.pi * step) if front else 0.0
        y = -0.5 * stride if front else 0.5 * stride
        flat = np.array([sign * hip_x(model), y, height + lift])
        heel = 0.0 if front else 58.0 * depth
        legs.append(Leg(ankle=ankle_on_ball(model, flat, sign, heel, 4.0), turn=4.0, pitch=heel))
    trunk = table.trunk(depth)
    hips = np.array([0.0, 0.02 * step, hips_up])
    return Posture(hips, (legs[0], legs[1]), _arms(table, 0, 0), 0.75 * trunk, trunk)


def hopping_apart(table: Table, model: BodyModel, left: float, right: float) -> Posture:
    """Legs spread to the angle of `thigh`, both feet in the air on the way."""
    mean = (left + right) / 2
    thigh, shank = leg_lengths(model)
    out = np.radians(table.thigh(mean))
    hop = 0.05 * np.sin(np.pi * np.clip(mean, 0, 1)) ** 2
    heel = 25.0 * np.sin(np.pi * np.clip(mean, 0, 1)) ** 2
    length = 0.99 * (thigh + shank)
    legs = []
    for _, sign in SIDES:
        x = sign * (hip_x(model) + length * np.sin(out))
        flat = np.array([x, 0.0, ankle_height(model) + hop])
        legs.append(
            Leg(
                ankle=ankle_on_ball(model, flat, sign, heel, table.turn), turn=table.turn,
                pitch=heel, flat_toes=False,
            )
        )  # fmt: skip
    rise = legs[0].ankle[2] if legs[0].ankle is not None else 0.0
    hips = np.array([0.0, -0.01, rise + length * np.cos(out)])
    return Posture(hips, (legs[0], legs[1]), _arms(table, left, right))


def on_one_foot(table: Table, model: BodyModel, left: float, right: float) -> Posture:
    """A free leg is lifted by thigh and knee; the other stays put under hips that shift over it."""
    hips, standing = feet_flat(model, table.knee(0), table.shin(0), 0.8, table.turn)
    shift = 0.35 * hip_x(model) * (np.clip(right, 0, 1) - np.clip(left, 0, 1))
    hips = hips + np.array([shift, 0.0, 0.0])
    legs = []
    for depth, planted in zip((left, right), standing, strict=True):
        free = Leg(
            thigh=table.thigh(depth), knee=table.knee(depth), pitch=12 * depth, abduction=1.0
        )
        legs.append(free if depth > 0.02 else planted)
    trunk = table.trunk(max(left, right))
    return Posture(hips, (legs[0], legs[1]), _arms(table, right, left), trunk, trunk)


TABLES: dict[str, Table] = {
    "standing": Table(on_both_feet),
    "squat": Table(
        on_both_feet, knee=Curve(6, 110), shin=Curve(4, 34), trunk=Curve(0, 42, 0.8),
        head=Curve(0, 13), flexion=Curve(5, 88, 0.7), abduction=still(6), elbow=Curve(10, 6),
        turn=18.0,
    ),
    "deadlift": Table(
        on_both_feet, knee=Curve(6, 62), shin=Curve(3, 15), trunk=Curve(2, 66),
        head=Curve(0, 38), flexion=Curve(4, 8), abduction=still(5), elbow=still(6),
    ),
    "wall_sit": Table(
        on_both_feet, knee=Curve(6, 84), shin=Curve(3, 6), flexion=Curve(4, 30),
        abduction=still(6), elbow=Curve(10, 30),
    ),
    "bicep_curl": Table(
        on_both_feet, flexion=Curve(3, 14), abduction=still(7), elbow=Curve(10, 138),
    ),
    "lateral_raise": Table(on_both_feet, abduction=Curve(10, 90), elbow=still(9)),
    "shoulder_press": Table(
        on_both_feet, flexion=still(0), abduction=Curve(48, 166), elbow=Curve(132, 12),
        twist=still(85),
    ),
    "jumping_jack": Table(
        hopping_apart, thigh=Curve(2, 22), flexion=still(1), abduction=Curve(10, 158),
        elbow=still(12), turn=8.0,
    ),
    "lunge": Table(
        stepping_forward, trunk=Curve(0, 6), flexion=Curve(2, 2), abduction=still(14),
        elbow=still(20),
    ),
    "high_knees": Table(
        on_one_foot, thigh=Curve(2, 84), knee=Curve(6, 92), flexion=Curve(8, 38),
        elbow=still(85), turn=5.0,
    ),
    "balance_leg": Table(
        on_one_foot, thigh=Curve(2, 60), knee=Curve(6, 80), flexion=still(3),
        abduction=Curve(9, 38), elbow=still(12), turn=5.0,
    ),
    "push_up": Table(on_hands_and_toes, elbow=Curve(0, 46)),
    "plank": Table(on_hands_and_toes, trunk=Curve(42, 0)),
}  # fmt: skip
"""By exercise; plank and wall sit and the balance are held at depth 1."""


def posture_of(move: str, model: BodyModel, left: float, right: float) -> Posture:
    """The posture of `move` at the depths of both sides; raises KeyError for an unknown move."""
    table = TABLES[move]
    return table.strike(table, model, left, right)
