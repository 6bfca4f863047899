"""A take: who performs what, how often, at what pace, before which camera; and its exact truth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tests.synthetic.perform import ease
from tests.synthetic.rendering.camera import View
from tests.synthetic.rendering.clothes import Outfit
from tests.synthetic.rendering.geometry import Floats, unit
from tests.synthetic.rendering.jump import Jump
from tests.synthetic.rendering.model import BodyModel, load_body
from tests.synthetic.rendering.moves import posture_of
from tests.synthetic.rendering.posture import SIDES, Posture, Struck, strike

IN_POSE = 0.9
"""Depth from which a held pose is taken to be held."""
_REST_AFTER_JUMP = 0.8


@dataclass(frozen=True)
class Take:
    """A performance to film. `depths` are 0-1 by rep; `seconds` out, hold, back, rest of each.

    `alternate` moves the sides in turn; `one_sided` lifts the right side alone; `jumps` are heights
    in metres, for the jumps; `exercise` is the catalogue's id, None where the count must be 0;
    `hold` says that what counts is the time in the pose.
    """

    name: str
    move: str
    exercise: str | None
    body: str = "man"
    depths: tuple[float, ...] = ()
    seconds: tuple[float, float, float, float] = (0.8, 0.1, 0.8, 0.4)
    lead: float = 0.8
    tail: float = 0.5
    alternate: bool = False
    one_sided: bool = False
    hold: bool = False
    jumps: tuple[float, ...] = ()
    fps: int = 30
    seed: int = 0
    view: View = field(default_factory=View)
    outfit: Outfit = field(default_factory=Outfit)

    @property
    def model(self) -> BodyModel:
        """Who performs."""
        return load_body(self.body)

    @property
    def flights(self) -> list[Jump]:
        """The jumps, one after the other."""
        found, start = [], self.lead
        for height in self.jumps:
            found.append(Jump(self.model, height, start))
            start = found[-1].marks[-1] + _REST_AFTER_JUMP
        return found

    @property
    def times(self) -> Floats:
        """Seconds of each frame."""
        end = self.lead + len(self.depths) * sum(self.seconds)
        end = self.flights[-1].marks[-1] if self.jumps else end
        return np.arange(round((end + self.tail) * self.fps)) / self.fps


def depths_at(take: Take, seconds: Floats) -> Floats:
    """Depth of the left and the right side at each time, [2, n]."""
    sides = np.zeros((2, len(seconds)))
    out, hold, back, _ = take.seconds
    for number, depth in enumerate(take.depths):
        local = seconds - take.lead - number * sum(take.seconds)
        one = depth * (ease(local / out) - ease((local - out - hold) / back))
        for side in (0, 1):
            own = number % 2 == side if take.alternate else not (take.one_sided and side == 0)
            sides[side] += one * own
    return sides


def postures(take: Take) -> list[Posture]:
    """The posture at each frame, with the slow sway of somebody who stands."""
    model, seconds = take.model, take.times
    flights = take.flights
    if flights:
        return [_jumping(flights, float(second)) for second in seconds]
    left, right = depths_at(take, seconds)
    random = np.random.default_rng(take.seed)
    phases = random.uniform(0, 2 * np.pi, (2, 3))
    rates = np.array([0.23, 0.41, 0.67])
    sway = 0.0018 * np.sin(2 * np.pi * rates * seconds[:, None, None] + phases).sum(axis=2)
    return [
        _swayed(posture_of(take.move, model, float(one), float(other)), shift)
        for one, other, shift in zip(left, right, sway, strict=True)
    ]


def _jumping(flights: list[Jump], second: float) -> Posture:
    begun = [jump for jump in flights if second >= jump.start]
    return (begun[-1] if begun else flights[0]).posture(second)


def _swayed(posture: Posture, shift: Floats) -> Posture:
    return replace(posture, hips=posture.hips + np.array([shift[0], shift[1], 0.0]))


def angles(struck: Struck) -> dict[str, float]:
    """Degrees between bones at knee, hip, elbow and shoulder of either side; 180 is straight."""
    corners = {
        "knee": ("upperleg01", "lowerleg01", "foot"),
        "hip": ("upperarm01", "upperleg01", "lowerleg01"),
        "elbow": ("upperarm01", "lowerarm01", "wrist"),
        "shoulder": ("upperleg01", "upperarm01", "lowerarm01"),
    }
    found = {}
    for (side, _), word in zip(SIDES, ("left", "right"), strict=True):
        for name, bones in corners.items():
            first, corner, last = (struck.joints[f"{bone}.{side}"] for bone in bones)
            cosine = np.clip(unit(first - corner) @ unit(last - corner), -1, 1)
            found[f"{word}_{name}"] = round(float(np.degrees(np.arccos(cosine))), 1)
    return found


def truth_of(take: Take) -> dict[str, Any]:
    """What was performed, as `truth.json` says it; seconds, centimetres and degrees."""
    said: dict[str, Any] = {
        "file": f"{take.name}.mp4", "exercise": take.exercise, "body": take.body,
        "view": {"yaw": take.view.yaw, "distance_m": take.view.distance},
        "fps": take.fps, "frames": len(take.times), "seed": take.seed,
    }  # fmt: skip
    if take.jumps:
        said |= {"stature_cm": round(100 * take.model.stature, 1), "jumps": _jumps(take)}
    elif take.hold:
        course = depths_at(take, take.times).max(axis=0)
        said["hold_s"] = round(float((course >= IN_POSE).sum()) / take.fps, 2)
    else:
        said |= {"reps": len(take.depths), "times": _reps(take)}
    return said


def _jumps(take: Take) -> list[dict[str, float]]:
    return [
        {
            "takeoff_s": round(flight.takeoff, 4),
            "landing_s": round(flight.landing, 4),
            "flight_ms": round(1000 * (flight.landing - flight.takeoff), 1),
            "flight_height_cm": round(100 * flight.height, 2),
            "hip_rise_cm": round(100 * flight.hip_rise, 2),
        }
        for flight in (jump.truth for jump in take.flights)
    ]


def _reps(take: Take) -> list[dict[str, Any]]:
    out, hold, back, _ = take.seconds
    reps = []
    for number in range(len(take.depths)):
        start = take.lead + number * sum(take.seconds)
        peak = start + out + hold / 2
        left, right = depths_at(take, np.array([peak]))[:, 0]
        struck = strike(take.model, posture_of(take.move, take.model, float(left), float(right)))
        reps.append(
            {
                "start_s": round(start, 3), "peak_s": round(peak, 3),
                "end_s": round(start + out + hold + back, 3), "angles_at_peak": angles(struck),
            }
        )  # fmt: skip
    return reps
