"""What an exercise is made of, as frozen data that `worker.motion` interprets.

A rep exercise maps one body feature to *progress*: 0 in the start pose, 1 at full depth. The
machine counts cycles of progress; gates, travels and criteria name further features. Feature
names are those of `worker.motion.features.features`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Texts = dict[str, str]
"""One sentence by language: en, fr, de, es, pt."""

Sides = Literal["both", "each", "body"]
"""both: mean of the sides, weighted by how well each is seen; each: a side alone is a rep;
body: the feature has no sides."""

Measure = Literal["max", "min", "range", "mean"]


@dataclass(frozen=True)
class FrontSignal:
    """A second feature for subjects who face the camera; fields as those of Signal."""

    feature: str
    rest: float
    full: float
    share: float


@dataclass(frozen=True)
class Signal:
    """The watched feature: `rest` is its value at progress 0, `full` at progress 1.

    `front` is watched beside it the more the subject faces the camera, where perspective
    falsifies the first; `share` is its part of progress when the subject faces it squarely. With
    `own_rest` the feature is a height in the picture and `rest` and `full` are shares of stature
    over the subject's own resting level (`worker.motion.features.rest_level`).
    """

    feature: str
    rest: float
    full: float
    sides: Sides = "both"
    front: FrontSignal | None = None
    own_rest: bool = False


@dataclass(frozen=True)
class Gate:
    """A feature's range that makes a frame part of the exercise; ends included."""

    feature: str
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Travel:
    """Least and greatest range of a feature from start to end of a rep, in the feature's unit."""

    feature: str
    minimum: float = 0.0
    maximum: float = math.inf


FRONT = 0.4
"""Least mean of `frontal` (shoulder width by trunk length) that is a view from the front."""


@dataclass(frozen=True)
class Criterion:
    """One part of the form score: 100 at `good`, 0 at `bad`, linear between.

    `feature` None means a measure of progress itself (`motion.reps.form_score` has the formulas of
    range, tempo, symmetry and smoothness); else `measure` of that feature over the rep,
    `per_depth` divided by the depth reached, so that a shallow rep gains nothing by it. `view` is
    from where it can be judged; from elsewhere it takes no part. `facing` is the least `frontal` of
    a view from the front, where the exercise asks for more than usual.
    """

    name: str
    weight: float
    good: float
    bad: float
    feature: str | None = None
    measure: Measure = "max"
    per_depth: bool = False
    view: Literal["any", "side", "front"] = "any"
    facing: float = FRONT


@dataclass(frozen=True)
class Advice:
    """Said after a rep whose `criterion` scored below `below`; `code` is stable for ever."""

    code: str
    criterion: str
    below: float
    texts: Texts


@dataclass(frozen=True)
class Depth:
    """Progress that a rep must reach, by difficulty."""

    easy: float
    normal: float
    pro: float

    def of(self, difficulty: str) -> float:
        """The progress asked for at `difficulty`; raises AttributeError for another word."""
        value: float = getattr(self, difficulty)
        return value


@dataclass(frozen=True)
class RepExercise:
    """An exercise whose reps are counted.

    `joints` are those of one side without its prefix: a side counts as seen when all are. Posture
    guidance asks for `guided` besides; what hangs on them is left out while they are hidden.
    `seconds` is the shortest and the longest rep. `lowering` says which way the load goes down:
    `out` from the start pose (squat) or `back` to it (curl). `at` is when a rep counts.
    `visible` is the least joint score that is followed. `share` of a rep's frames, and of its deep
    half, must pass all gates. `lying` says that the body is level in it, not upright.
    """

    id: str
    signal: Signal
    joints: tuple[str, ...]
    depth: Depth
    criteria: tuple[Criterion, ...]
    advice: tuple[Advice, ...]
    gates: tuple[Gate, ...] = ()
    travels: tuple[Travel, ...] = ()
    seconds: tuple[float, float] = (0.5, 20.0)
    lowering: Literal["out", "back"] = "out"
    at: Literal["return", "peak"] = "return"
    visible: float = 0.2
    share: float = 0.75
    guided: tuple[str, ...] = ()
    lying: bool = False


@dataclass(frozen=True)
class HoldExercise:
    """An exercise whose seconds are counted while all `gates` hold on a frame, and while no feature
    of `still` has ranged farther than its `maximum` over the last second: who moves is not holding.

    `joints` are those of one side that must be seen to tell. `unseen` is the longest loss of
    sight, in seconds, within a hold that still counts: the pose before and after it is proof.
    """

    id: str
    joints: tuple[str, ...]
    gates: tuple[Gate, ...]
    still: tuple[Travel, ...] = ()
    advice: tuple[Advice, ...] = ()
    unseen: float = 5.0
    visible: float = 0.2
    guided: tuple[str, ...] = ()
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
    guided: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    advice: tuple[Advice, ...] = ()


Exercise = RepExercise | HoldExercise | JumpExercise
