"""Where feet and hands are, and the hips over them: what a table's angles stand on."""

from __future__ import annotations

import numpy as np

from tests.synthetic.rendering.geometry import Floats, X, Y, Z, middle_joint, rotation
from tests.synthetic.rendering.model import BodyModel
from tests.synthetic.rendering.posture import SIDES, Arm, Leg, Posture

PALM = 0.045
"""Metres of the wrist over the floor with the palm flat on it."""

ON_TOES = 62.0
"""Degrees of the foot's pitch when a plank stands on its toes."""
STRAIGHT = 0.97
"""Share of its length that an arm spans when its elbow is as good as straight."""


def ankle_height(model: BodyModel) -> float:
    """Metres of the ankle over the floor, the foot flat."""
    return float(model.head("foot.L")[2] - model.sole)


def hip_x(model: BodyModel) -> float:
    """Half the distance of the hip joints in metres."""
    return float(model.head("upperleg01.L")[0])


def leg_lengths(model: BodyModel) -> tuple[float, float]:
    """Thigh and shank in metres."""
    thigh = model.length("upperleg01.L", "lowerleg01.L")
    return thigh, model.length("lowerleg01.L", "foot.L")


def arm_length(model: BodyModel) -> float:
    """Shoulder to wrist in metres, the elbow straight."""
    upper = model.length("upperarm01.L", "lowerarm01.L")
    return upper + model.length("lowerarm01.L", "wrist.L")


def ankle_on_ball(model: BodyModel, flat: Floats, sign: int, pitch: float, turn: float) -> Floats:
    """The ankle [3] when the heel rises by `pitch` degrees and the ball stays where it was.

    `flat` is the ankle [3] with the foot flat.
    """
    side = "L" if sign > 0 else "R"
    ball = model.head(f"toe2-1.{side}") - model.head(f"foot.{side}")
    out = rotation(Z, sign * turn)
    ankle: Floats = flat + out @ ball - out @ rotation(X, pitch) @ ball
    return ankle


def feet_flat(
    model: BodyModel, knee: float, shin: float, stance: float, turn: float
) -> tuple[Floats, tuple[Leg, Leg]]:
    """Hips [3] and legs for a knee flexion and an inclination of the shin, both feet flat.

    `stance` is the distance of the ankles in that of the hips. Law of cosines from ankle to hip.
    """
    thigh, shank = leg_lengths(model)
    across = abs(stance - 1) * hip_x(model)
    lean, fold = np.radians(shin), np.radians(knee - shin)
    back = (thigh * np.sin(fold) - shank * np.sin(lean)) * np.cos(np.radians(turn))
    reach = thigh**2 + shank**2 + 2 * thigh * shank * np.cos(np.radians(knee))
    up = np.sqrt(reach - back**2 - across**2)
    height = ankle_height(model)
    ankles = [np.array([sign * stance * hip_x(model), 0.0, height]) for _, sign in SIDES]
    legs = (Leg(ankle=ankles[0], turn=turn), Leg(ankle=ankles[1], turn=turn))
    return np.array([0.0, back, height + up]), legs


def hands_and_toes(model: BodyModel, arm: float, hip_rise: float = 0.0) -> Posture:
    """On hands and toes, the shoulders `arm` of the arms' length over the hands.

    `hip_rise` degrees lift straight legs about the ankles out of the straight line: a pike.
    """
    thigh, shank = leg_lengths(model)
    trunk = float(np.linalg.norm(_shoulder(model) - _mid_hip(model)))
    leg, reach = thigh + shank, arm_length(model)
    ankle_up = _ankle_on_toes(model)
    wrist_forward = np.sqrt((leg + trunk) ** 2 - (STRAIGHT * reach + PALM - ankle_up) ** 2)
    drop = reach * arm + PALM - ankle_up
    rise = np.arcsin(np.clip(drop / (leg + trunk), -1, 1)) + np.radians(hip_rise)
    ankle = np.array([0.0, 0.0, ankle_up])
    hips = ankle + leg * np.array([0.0, -np.cos(rise), np.sin(rise)]) * 0.998
    shoulder = hips + trunk * np.array([0.0, -np.cos(rise), np.sin(rise)])
    if hip_rise:
        wrist = np.array([0.0, -wrist_forward, PALM])
        shoulder = middle_joint(hips, wrist, trunk, STRAIGHT * reach, np.array([0.0, -1.0, 0.3]))
    along = shoulder - hips
    pitch = _pitch(along) - _pitch(_shoulder(model) - _mid_hip(model))
    centre = np.array([0.0, 0.5 * wrist_forward, 0.0])
    return Posture(
        hips=hips + centre,
        legs=_toes(ankle + centre, hips - ankle),
        arms=_hands(-wrist_forward + centre[1]),
        pelvis=pitch,
        trunk=pitch,
        head=pitch - 12.0,
    )


def _pitch(line: Floats) -> float:
    """Degrees forward from upright."""
    return float(np.degrees(np.arctan2(-line[1], line[2])))


def _mid_hip(model: BodyModel) -> Floats:
    middle: Floats = (model.head("upperleg01.L") + model.head("upperleg01.R")) / 2
    return middle


def _shoulder(model: BodyModel) -> Floats:
    middle: Floats = (model.head("upperarm01.L") + model.head("upperarm01.R")) / 2
    return middle


def _ankle_on_toes(model: BodyModel) -> float:
    flat = np.array([0.0, 0.0, ankle_height(model)])
    return float(ankle_on_ball(model, flat, 1, ON_TOES, 0.0)[2])


def _toes(ankle: Floats, line: Floats) -> tuple[Leg, Leg]:
    """Straight legs on the toes, the knees facing the floor."""
    pole = np.cross(line, X)
    pole = pole if pole[2] < 0 else -pole
    left, right = (ankle + sign * 0.07 * X for _, sign in SIDES)
    return Leg(ankle=left, pole=pole, pitch=ON_TOES), Leg(ankle=right, pole=pole, pitch=ON_TOES)


def _hands(y: float) -> tuple[Arm, Arm]:
    """Palms on the floor a little wider than the shoulders, elbows back and out."""
    left, right = (
        Arm(wrist=np.array([sign * 0.26, y, PALM]), pole=0.9 * sign * X + Y) for _, sign in SIDES
    )
    return left, right
