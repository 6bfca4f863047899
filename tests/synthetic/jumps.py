"""Countermovement jumps with exact truth: the body's centre flies free between toe-off and touch.

Feet roll over the toes before take-off and after landing (the ankle rises by 4-10 cm, differently
in each jump and at either end, steadily accelerating or with a sharper or softer start, while
the toes are on the floor), arms swing, knees tuck a little, and the landing may be lower than
the take-off. The pushing force ends at zero, so the centre enters its flight without a kink.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tests.synthetic.basic_moves import _arms as arms
from tests.synthetic.perform import Camera, Script, ease, film, frame_times
from tests.synthetic.skeleton import (
    ANKLE,
    HIP_WIDTH,
    LEG,
    SHANK,
    SIDES,
    THIGH,
    Floats,
    Joints,
    bend,
    point,
    trunk_and_head,
)
from worker.contract.poses import LogHead, PoseChunk

G = 9.81
STAND, DIP, SETTLE, RISE = 0.9, 0.5, 0.25, 0.7
"""Seconds of standing, of the countermovement, at the bottom of the landing, of getting up."""


@dataclass(frozen=True)
class JumpScript:
    """`heights` in metres that the centre of mass rises in each jump, nearly; `bend` metres are the
    legs shorter at landing than at take-off, beside what the feet are less stretched; `forward`
    metres are travelled to the camera in each jump; `seen` says how it is filmed. Heel rise and
    rolling differ by `seen.seed`.
    """

    heights: tuple[float, ...] = (0.3,)
    bend: float = 0.02
    forward: float = 0.0
    seen: Script = field(default_factory=Script)


@dataclass(frozen=True)
class JumpTruth:
    """Seconds of take-off and landing; metres of the flight, g t^2 / 8 as a jump mat has it, and
    that the hips rose over the standing pose."""

    takeoff: float
    landing: float
    height: float
    hip_rise: float


@dataclass
class _Course:
    """Time courses [n] in metres and 0-1."""

    seconds: Floats
    hip: Floats
    ankle: Floats
    crouch: Floats
    swing: Floats
    forward: Floats


_LENGTH, _STRETCHED = 0.975 * LEG, 0.997 * LEG
"""Metres from ankle to hip: standing at ease, hip and knee bent a little, and at take-off."""


def _quintic(
    local: Floats, span: float, start: tuple[float, float, float], end: tuple[float, float, float]
) -> Floats:
    """The polynomial through value, slope and curvature at 0 and at `span`."""
    powers = np.arange(6)
    rows, values = [], [*start, *end]
    for time in (0.0, span):
        for order in range(3):
            factor = np.ones(6)
            for k in range(order):
                factor = factor * (powers - k)
            with np.errstate(divide="ignore", invalid="ignore"):
                power = np.where(powers >= order, time ** np.maximum(powers - order, 0), 0.0)
            rows.append(factor * power)
    coefficients = np.linalg.solve(np.array(rows), np.array(values))
    course: Floats = np.clip(local, 0, span)[:, None] ** powers @ coefficients
    return course


def _jump(course: _Course, start: float, height: float, script: JumpScript, seed: int) -> JumpTruth:
    """Writes one jump that begins with standing at `start` into the courses."""
    random = np.random.default_rng((seed, 77))
    up, touch = random.uniform(0.065, 0.1), random.uniform(0.06, 0.1)
    power, back_power = random.uniform(1.4, 2.4, 2)
    seconds = course.seconds
    standing = ANKLE + _LENGTH
    speed = np.sqrt(2 * G * height)
    low = standing - (0.15 + 0.3 * height)
    top = ANKLE + _STRETCHED + up
    push = (top - low) / (0.45 * speed)
    bottom = start + STAND + DIP
    takeoff = bottom + push
    drop = up - touch + script.bend
    down = np.sqrt(speed**2 + 2 * G * drop)
    landing = takeoff + (speed + down) / G
    land_low = standing - (0.12 + 0.3 * height)
    touch_hip = top - drop
    absorb = (touch_hip - land_low) / (0.45 * down)
    rest = landing + absorb
    inside = seconds >= start + STAND
    dip = standing + (low - standing) * ease((seconds - start - STAND) / DIP)
    course.hip[inside] = dip[inside]
    pushing = (seconds >= bottom) & (seconds < takeoff)
    rise = _quintic(seconds - bottom, push, (low, 0, 0), (top, speed, -G))
    course.hip[pushing] = rise[pushing]
    fly = seconds - takeoff
    flying = (fly >= 0) & (seconds < landing)
    share = np.clip(fly / (landing - takeoff), 0, 1)
    course.hip[flying] = (top + speed * fly - G * fly**2 / 2)[flying]
    landed = seconds >= landing
    fall = _quintic(seconds - landing, absorb, (touch_hip, -down, -G), (land_low, 0, 0))
    course.hip[landed] = fall[landed]
    later = seconds >= rest
    stand = land_low + (standing - land_low) * ease((seconds - rest - SETTLE) / RISE)
    course.hip[later] = stand[later]

    roll = power * up / speed
    heel = up * np.clip(1 + fly / roll, 0, 1) ** power
    course.ankle[inside] = (ANKLE + heel)[inside]
    length = top - (ANKLE + up)
    shorter = length - (touch_hip - ANKLE - touch)
    tuck = 0.03 * np.sin(np.pi * share) ** 2
    course.ankle[flying] = (course.hip - length + shorter * ease(share) + tuck)[flying]
    unroll = back_power * touch / down
    flat = ANKLE + touch * np.clip(1 - (seconds - landing) / unroll, 0, 1) ** back_power
    course.ankle[landed] = flat[landed]

    depth = np.clip((standing - course.hip) / 0.35, 0, 1)
    course.crouch[inside] = depth[inside]
    swing = ease((seconds - bottom) / push) - 0.6 * ease((share - 0.1) / 0.8)
    course.swing[inside] = (swing - 0.4 * ease((seconds - rest - SETTLE) / RISE))[inside]
    course.forward[inside] += script.forward * share[inside]
    flight = float(landing - takeoff)
    return JumpTruth(float(takeoff), float(landing), G * flight**2 / 8, 0.0)


def _posture(course: _Course) -> Joints:
    """Feet under the hips, the trunk leaning with the crouch, arms swinging up to the front."""
    n = len(course.seconds)
    joints: Joints = {}
    back = -0.12 * course.crouch + course.forward
    for side, sign in SIDES:
        hip = point(n, x=sign * HIP_WIDTH / 2, y=back, z=course.hip)
        ankle = point(n, x=sign * HIP_WIDTH * 0.6, y=course.forward, z=course.ankle)
        joints[f"{side}_hip"], joints[f"{side}_ankle"] = hip, ankle
        joints[f"{side}_knee"] = bend(hip, ankle, THIGH, SHANK, point(n, y=1.0))
    trunk_and_head(joints, np.radians(45 * course.crouch))
    arms(joints, 0.1 + 1.6 * course.swing, 0.15, (0.3 + 0 * back, 0.3 + 0 * back))
    return joints


def _keep_centre(joints: Joints, course: _Course, truths: list[JumpTruth]) -> list[JumpTruth]:
    """Lifts or lowers the flying body so that its centre of mass, not its hips, flies free.

    Gives the truths with the rise of the hips that follows.

    Trunk and head 0.578 of the mass at 0.66 from hips to shoulders, upper arms 0.028 each at
    0.436, forearms with hands 0.022 at 0.682, thighs 0.1 at 0.433, shanks with feet 0.061 at
    0.606 (Winter 2009, table 4.1).
    """
    parts = [("hip", "shoulder", 0.289, 0.66), ("shoulder", "elbow", 0.028, 0.436),
             ("elbow", "wrist", 0.022, 0.682), ("hip", "knee", 0.1, 0.433),
             ("knee", "ankle", 0.061, 0.606)]  # fmt: skip
    centre = np.zeros(len(course.seconds))
    for side, _ in SIDES:
        for first, last, mass, share in parts:
            upper, lower = joints[f"{side}_{first}"][:, 2], joints[f"{side}_{last}"][:, 2]
            centre += mass * ((1 - share) * upper + share * lower)
    exact = []
    for truth in truths:
        flying = np.flatnonzero(
            (course.seconds >= truth.takeoff) & (course.seconds < truth.landing)
        )
        offset = centre[flying] - course.hip[flying]
        share = (course.seconds[flying] - truth.takeoff) / (truth.landing - truth.takeoff)
        line = offset[0] + (offset[-1] - offset[0]) * share
        for place in joints.values():
            place[flying, 2] -= offset - line
        rise = (joints["left_hip"][flying, 2] - (ANKLE + _LENGTH)).max()
        exact.append(replace(truth, hip_rise=float(rise)))
    return exact


def perform_jumps(script: JumpScript) -> tuple[LogHead, PoseChunk, list[JumpTruth]]:
    """The pose log of some jumps in one chunk, and their truth."""
    each = STAND + DIP + SETTLE + RISE + 2.0
    length = script.seen.lead + len(script.heights) * each + 1.0
    seconds = frame_times(length, script.seen)
    n = len(seconds)
    flat = np.zeros(n)
    course = _Course(
        seconds, flat + ANKLE + _LENGTH, flat + ANKLE, flat.copy(), flat.copy(), flat.copy()
    )
    truths = [
        _jump(course, script.seen.lead + number * each, height, script,
              script.seen.seed + 1000 * number)
        for number, height in enumerate(script.heights)
    ]  # fmt: skip
    joints = _posture(course)
    truths = _keep_centre(joints, course, truths)
    head, chunk = film(joints, seconds, length, script.seen)
    return head, chunk, truths


def film_of(script: JumpScript, fps: float, seed: int, camera: Camera) -> JumpScript:
    """The script filmed at a rate with mild noise (6 mm a joint) and 5 % of frames lost."""
    seen = Script(fps=fps, seed=seed, camera=camera, noise=0.006, dropout=0.05)
    return replace(script, seen=seen)
