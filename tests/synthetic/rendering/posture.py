"""A posture in joint angles and contacts, and the bone turns that strike it.

Angles are degrees; places are metres in the body's axes (x left, y backwards, z up, floor 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tests.synthetic.rendering.geometry import Floats as Floats
from tests.synthetic.rendering.geometry import (
    X,
    Y,
    Z,
    arc,
    hinge_basis,
    middle_joint,
    rotation,
    unit,
)
from tests.synthetic.rendering.model import BodyModel, Rotations

Side = Literal["L", "R"]
SIDES: tuple[tuple[Side, int], ...] = (("L", 1), ("R", -1))
SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
_SHRUG = 25.0
"""Degrees the clavicle rises with an arm overhead (Inman, Saunders and Abbott 1944: 30-40)."""


@dataclass(frozen=True)
class Leg:
    """A foot on the floor with its `ankle` there, the knee towards `pole`; else a free leg.

    A free leg is a `thigh` forward of hanging, `abduction` outward, and a `knee` flexion. `pitch`
    lifts the heel of the foot, `turn` is the toe-out; the toes stay flat where `flat_toes`.
    """

    ankle: Floats | None = None
    pole: Floats | None = None
    thigh: float = 0.0
    abduction: float = 0.0
    knee: float = 0.0
    pitch: float = 0.0
    turn: float = 0.0
    flat_toes: bool = True


@dataclass(frozen=True)
class Arm:
    """A hand on the floor with its `wrist` there, the elbow towards `pole`; else a free arm.

    A free arm is `flexion` forward and `abduction` outward from hanging in the world, and an
    `elbow` flexion; `twist` turns the plane of the elbow outward about the upper arm.
    """

    wrist: Floats | None = None
    pole: Floats | None = None
    flexion: float = 0.0
    abduction: float = 8.0
    elbow: float = 8.0
    twist: float = 0.0


@dataclass(frozen=True)
class Posture:
    """The mid-hip's place, pitches forward from upright of pelvis, trunk and head, four limbs."""

    hips: Floats
    legs: tuple[Leg, Leg]
    arms: tuple[Arm, Arm]
    pelvis: float = 0.0
    trunk: float = 0.0
    head: float = 0.0


@dataclass(frozen=True)
class Struck:
    """A posture taken: rotation [b, 3, 3] and shift [b, 3] of the bones, bone heads by name."""

    matrices: Floats
    shifts: Floats
    joints: dict[str, Floats]


def strike(model: BodyModel, posture: Posture) -> Struck:
    """The bones of `model` in `posture`."""
    turns = _trunk(posture)
    for (side, sign), arm in zip(SIDES, posture.arms, strict=True):
        turns[f"clavicle.{side}"] = _clavicle(model, posture, arm, side, sign)
    joints = _placed(model, turns, posture.hips).joints
    for (side, sign), leg, arm in zip(SIDES, posture.legs, posture.arms, strict=True):
        turns |= _leg(model, leg, joints[f"upperleg01.{side}"], side, sign)
        turns |= _arm(model, arm, joints[f"upperarm01.{side}"], turns, side, sign)
    return _placed(model, turns, posture.hips)


def _placed(model: BodyModel, turns: Rotations, hips: Floats) -> Struck:
    matrices, shifts = model.transforms(turns)
    heads = np.einsum("bij,bj->bi", matrices, model.heads) + shifts
    middle = (heads[model.place["upperleg01.L"]] + heads[model.place["upperleg01.R"]]) / 2
    move = hips - middle
    joints = dict(zip(model.bones, heads + move, strict=True))
    return Struck(matrices, shifts + move, joints)


def _trunk(posture: Posture) -> Rotations:
    turns = {"root": rotation(X, posture.pelvis)}
    rise = posture.trunk - posture.pelvis
    for rank, bone in enumerate(SPINE, 1):
        turns[bone] = rotation(X, posture.pelvis + rise * rank / len(SPINE))
    nod = posture.head - posture.trunk
    for bone, share in (("neck01", 0.2), ("neck02", 0.5), ("neck03", 0.8), ("head", 1.0)):
        turns[bone] = rotation(X, posture.trunk + nod * share)
    return turns


def arm_turn(arm: Arm, sign: int) -> Floats:
    """Turn [3, 3] of a free upper arm against one that hangs with its elbow facing forward."""
    raised = rotation(X, -arm.flexion) @ rotation(Y, -sign * arm.abduction)
    turn: Floats = raised @ rotation(Z, sign * arm.twist)
    return turn


def _clavicle(model: BodyModel, posture: Posture, arm: Arm, side: Side, sign: int) -> Floats:
    trunk = rotation(X, posture.trunk)
    if arm.wrist is not None:
        return trunk
    raised = float(np.clip((arm_turn(arm, sign) @ -Z) @ (trunk @ -Z), -1, 1))
    share = np.clip((np.degrees(np.arccos(raised)) - 30) / 150, 0, 1)
    turn: Floats = trunk @ rotation(Y, -sign * _SHRUG * share)
    return turn


def _leg(model: BodyModel, leg: Leg, hip: Floats, side: Side, sign: int) -> Rotations:
    upper, lower, foot = f"upperleg01.{side}", f"lowerleg01.{side}", f"foot.{side}"
    thigh, shank = model.length(upper, lower), model.length(lower, foot)
    if leg.ankle is None:
        turn = rotation(Y, -sign * leg.abduction) @ rotation(X, -leg.thigh)
        bent = turn @ rotation(X, leg.knee)
        down, shin, hinge = turn @ -Z, bent @ -Z, turn @ X
        foot_turn = bent @ rotation(X, leg.pitch)
    else:
        pole = rotation(Z, sign * leg.turn) @ -Y if leg.pole is None else leg.pole
        knee = middle_joint(hip, leg.ankle, thigh, shank, pole)
        down, shin = knee - hip, leg.ankle - knee
        hinge = np.cross(hip - leg.ankle, pole)
        foot_turn = rotation(Z, sign * leg.turn) @ rotation(X, leg.pitch)
    turns = {
        upper: _hinged(model, upper, lower, down, hinge),
        lower: _hinged(model, lower, foot, shin, hinge),
        foot: foot_turn,
    }
    if leg.ankle is not None and leg.flat_toes:
        toes = (bone for bone in model.bones if bone.startswith("toe") and bone.endswith(side))
        turns |= {bone: rotation(Z, sign * leg.turn) for bone in toes}
    return turns


def _hinged(model: BodyModel, bone: str, end: str, direction: Floats, hinge: Floats) -> Floats:
    rest = hinge_basis(model.head(end) - model.head(bone), X)
    turn: Floats = hinge_basis(direction, hinge) @ rest.T
    return turn


def _arm(
    model: BodyModel, arm: Arm, shoulder: Floats, turns: Rotations, side: Side, sign: int
) -> Rotations:
    upper, lower, wrist = f"upperarm01.{side}", f"lowerarm01.{side}", f"wrist.{side}"
    if arm.wrist is None:
        turn = arm_turn(arm, sign)
        first, second = turn @ -Z, turn @ rotation(X, -arm.elbow) @ -Z
    else:
        pole = X * sign if arm.pole is None else arm.pole
        lengths = model.length(upper, lower), model.length(lower, wrist)
        elbow = middle_joint(shoulder, arm.wrist, *lengths, pole)
        first, second = elbow - shoulder, arm.wrist - elbow
    trunk = turns["spine01"]
    rest = model.head(lower) - model.head(upper)
    turned = arc(trunk @ rest, first) @ trunk
    forearm = arc(turned @ (model.head(wrist) - model.head(lower)), second) @ turned
    found = {upper: turned, lower: forearm}
    if arm.wrist is not None:
        found[wrist] = _flat_hand(model, side, sign)
    return found


def _flat_hand(model: BodyModel, side: Side, sign: int) -> Floats:
    """Palm down, fingers forward: turn [3, 3] of the wrist."""
    index, little = model.head(f"finger2-1.{side}"), model.head(f"finger5-1.{side}")
    fingers = (index + little) / 2 - model.head(f"wrist.{side}")
    rest = hinge_basis(unit(fingers), little - index)
    turn: Floats = hinge_basis(-Y, sign * X) @ rest.T
    return turn
