"""The countermovement jump: dip, push-off, a free flight whose height is known, landing.

The flight posture does not change, so every point of the body flies the same parabola and
`g t^2 / 8` of the time in the air is the height exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tests.synthetic.perform import ease
from tests.synthetic.rendering.contacts import ankle_height, ankle_on_ball, feet_flat, hip_x
from tests.synthetic.rendering.geometry import Floats
from tests.synthetic.rendering.model import BodyModel
from tests.synthetic.rendering.posture import SIDES, Arm, Leg, Posture

GRAVITY = 9.81
"""m/s^2."""
HEEL = 48.0
"""Degrees of the foot's pitch at take-off."""
DIP, ABSORB = 1.0, 0.55
"""Depths of the countermovement and of the landing; depth 1 is a knee flexion of 95 degrees."""
_SECONDS_DIP, _SECONDS_RISE = 0.55, 0.7


@dataclass(frozen=True)
class Flight:
    """A jump's truth: seconds of take-off and landing; heights in metres.

    `height` is the flight's, `hip_rise` from the hips of quiet standing to their highest.
    """

    takeoff: float
    landing: float
    height: float
    hip_rise: float


@dataclass(frozen=True)
class Jump:
    """A jump of `height` metres whose countermovement begins at `start` seconds."""

    model: BodyModel
    height: float
    start: float

    @cached_property
    def speed(self) -> float:
        """Take-off speed in m/s."""
        return float(np.sqrt(2 * GRAVITY * self.height))

    @cached_property
    def levels(self) -> tuple[float, float, float, float]:
        """Metres of the hips: standing, dip, take-off, deepest of the landing."""
        standing = _on_feet(self.model, 0.0)[0][2]
        takeoff = standing + _heel_rise(self.model, HEEL)
        dip, absorb = (_on_feet(self.model, depth)[0][2] for depth in (DIP, ABSORB))
        return standing, dip, takeoff, absorb

    @cached_property
    def marks(self) -> tuple[float, float, float, float, float]:
        """Seconds: lowest point, take-off, landing, deepest of the landing, standing again."""
        _, dip, takeoff, absorb = self.levels
        lowest = self.start + _SECONDS_DIP
        leaves = lowest + 2 * (takeoff - dip) / self.speed
        lands = leaves + 2 * self.speed / GRAVITY
        deepest = lands + 2 * (takeoff - absorb) / self.speed
        return lowest, leaves, lands, deepest, deepest + _SECONDS_RISE

    @property
    def truth(self) -> Flight:
        """What was jumped."""
        standing, _, takeoff, _ = self.levels
        _, leaves, lands, _, _ = self.marks
        return Flight(leaves, lands, self.height, takeoff + self.height - standing)

    def hips(self, second: float) -> float:
        """Metres of the hips: eased dip, constant push, free fall, constant braking, eased rise."""
        standing, dip, takeoff, absorb = self.levels
        lowest, leaves, lands, deepest, _ = self.marks
        if second < lowest:
            share = ease(np.array((second - self.start) / _SECONDS_DIP))
            return standing + (dip - standing) * float(share)
        if second < leaves:
            return dip + (takeoff - dip) * ((second - lowest) / (leaves - lowest)) ** 2
        if second < lands:
            flown = second - leaves
            return takeoff + self.speed * flown - GRAVITY * flown**2 / 2
        if second < deepest:
            left = (deepest - second) / (deepest - lands)
            return absorb + (takeoff - absorb) * left**2
        share = ease(np.array((second - deepest) / _SECONDS_RISE))
        return absorb + (standing - absorb) * float(share)

    def posture(self, second: float) -> Posture:
        """The posture at a time in seconds."""
        _, leaves, lands, _, _ = self.marks
        level = self.hips(second)
        if leaves <= second < lands:
            takeoff = self.levels[2]
            return _tall(self.model, HEEL, level - takeoff, 30.0)
        standing = self.levels[0]
        swing = 30.0 * (second < lands) * np.clip((level - standing) / 0.05, 0, 1)
        if level > standing:
            return _tall(self.model, _heel_for(self.model, level - standing), 0.0, swing)
        depth = _depth_for(self.model, level)
        hips, legs = _on_feet(self.model, depth)
        trunk = 40.0 * depth
        before = -38.0 if second < leaves else 12.0
        arm = Arm(flexion=3 + before * depth, abduction=10, elbow=12)
        return Posture(hips, legs, (arm, arm), 0.75 * trunk, trunk, 0.3 * trunk)


def _on_feet(model: BodyModel, depth: float) -> tuple[Floats, tuple[Leg, Leg]]:
    return feet_flat(model, 6 + 89 * depth, 3 + 27 * depth, stance=1.1, turn=8.0)


def _depth_for(model: BodyModel, level: float) -> float:
    """The depth at which the hips are `level` metres up."""
    depths = np.linspace(1.1, 0.0, 111)
    levels = [_on_feet(model, depth)[0][2] for depth in depths]
    return float(np.interp(level, levels, depths))


def _flat_ankle(model: BodyModel, sign: int) -> Floats:
    return np.array([sign * 1.1 * hip_x(model), 0.0, ankle_height(model)])


def _heel_rise(model: BodyModel, pitch: float) -> float:
    return float(ankle_on_ball(model, _flat_ankle(model, 1), 1, pitch, 8.0)[2]) - ankle_height(
        model
    )


def _heel_for(model: BodyModel, rise: float) -> float:
    """The pitch of the foot that lifts the ankle by `rise` metres."""
    pitches = np.linspace(0, HEEL, 49)
    return float(np.interp(rise, [_heel_rise(model, pitch) for pitch in pitches], pitches))


def _tall(model: BodyModel, pitch: float, up: float, swing: float) -> Posture:
    """Straight legs, heels raised by `pitch`, the whole body `up` metres in the air.

    In the air as on the floor the toes are bent at the ball: stretched, they would be in the floor
    at take-off and leave it, for whoever looks, when the body is 4 cm up.
    """
    standing, _ = _on_feet(model, 0.0)
    above = np.array([0.0, 0.0, up])
    legs = [
        Leg(
            ankle=ankle_on_ball(model, _flat_ankle(model, sign), sign, pitch, 8.0) + above,
            turn=8.0, pitch=pitch,
        )
        for _, sign in SIDES
    ]  # fmt: skip
    ankle = legs[0].ankle
    assert ankle is not None
    hips = standing + above + np.array([0.0, ankle[1], _heel_rise(model, pitch)])
    arm = Arm(flexion=3 + swing, abduction=10, elbow=12)
    return Posture(hips, (legs[0], legs[1]), (arm, arm))
