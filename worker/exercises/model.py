"""What an exercise is made of, as frozen data that `worker.motion` interprets.

A repetition exercise names a few signals that move in it, and how far in a full repetition; they
are fused into one curve of progress, and its cycles are counted (`worker.motion.reps`). Names of
measures are those of `worker.motion.features.measures`. How well it is done is judged in
`worker.motion.form`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Signal:
    """A measure that moves in a repetition, and by how much from the start pose to the turn of a
    full one: degrees, or shares of stature, negative where it falls. `weight` is its say where it
    is seen as well as the others."""

    measure: str
    full: float
    weight: float = 1.0


@dataclass(frozen=True)
class Condition:
    """What holds of the repetitions of one clip, in the median over them, where it is seen: the
    measure (degrees, or shares of stature) in the start pose, at the turn, or its range from start
    to end. The limits are those of the body, with a wide margin; they only rule out what is surely
    something else."""

    measure: str
    at: Literal["start", "turn", "range"]
    low: float = -math.inf
    high: float = math.inf


FEET_STAY = Condition("ankle_spread", "range", high=0.18)
"""Both feet stay where they are: a step of a walk is 0.41 of stature long (as pedometers take it),
of which a view 26 degrees off its direction shows this much; repetitions of 160 clips of exercises
done in place show 0.15 at most."""


@dataclass(frozen=True)
class RepExercise:
    """An exercise whose repetitions are counted.

    `signals` tell its progress. Where `sides` is `each`, every side's movement is a repetition, and
    both together are one. `least` is the share of a full repetition that is one at all. `counted`
    says when: on the return to the start pose, or at the turn. `joints` are those of one side,
    without its prefix, that guidance asks for. `typical` is what tells it
    from its relatives: recognition asks for it, counting does so the more the fewer they are.
    Where the legs take turns, the side with the greater measure `leading` at the turn did it.
    `lying` says that the body is level in it, not upright.
    """

    id: str
    signals: tuple[Signal, ...]
    joints: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    typical: tuple[Condition, ...] = ()
    sides: Literal["both", "each"] = "both"
    least: float = 0.35
    counted: Literal["return", "turn"] = "return"
    leading: str | None = None
    lying: bool = False


@dataclass(frozen=True)
class Limit:
    """A measure's range while the pose is held; ends included."""

    measure: str
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class HoldExercise:
    """An exercise whose seconds are counted while all limits of the `pose` that are seen hold, and
    while no measure of `still` has ranged farther than it says over the last second: who moves is
    not holding. Without the first limit of the `pose` nothing is told.

    `joints` are those of one side that must be seen to tell.
    """

    id: str
    joints: tuple[str, ...]
    pose: tuple[Limit, ...]
    still: tuple[Limit, ...] = ()
    lying: bool = False


@dataclass(frozen=True)
class JumpExercise:
    """An exercise whose jumps are counted and measured.

    `by` is what the height is told by: `air_time`, the flight's g t^2 / 8 as jump mats have it, or
    the rise of the `hips` over the standing pose (see `worker.motion.jumps.height`). `least` and
    `most` bound a flight's height, in metres: 3 cm is 0.16 s in the air, above 1.3 m nobody jumps.
    `joints` are those that guidance asks for; `visible` is the least score of a hip that is
    followed.
    """

    id: str
    by: Literal["air_time", "hips"]
    joints: tuple[str, ...] = ("hip",)
    least: float = 0.03
    most: float = 1.3
    visible: float = 0.5


Exercise = RepExercise | HoldExercise | JumpExercise
