"""The exercise catalogue: ids, what is counted, the camera's view, and aliases."""

from __future__ import annotations

import difflib
from typing import Literal

import msgspec

from worker.contract.errors import unknown_exercise

Kind = Literal["reps", "hold", "jump"]
View = Literal["any", "side", "front"]
Unit = Literal["reps", "seconds", "jumps"]
UNITS: tuple[Unit, ...] = ("reps", "seconds", "jumps")


class ExerciseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise; `unit` is what its counter counts, `view` where the camera has to stand,
    `requires` the options it needs."""

    id: str
    kind: Kind
    view: View
    unit: Unit
    requires: tuple[str, ...] = ()


def _entry(exercise: str, kind: Kind, view: View, requires: tuple[str, ...] = ()) -> ExerciseInfo:
    unit: dict[Kind, Unit] = {
        "reps": "reps",
        "hold": "seconds",
        "jump": "jumps",
    }
    return ExerciseInfo(id=exercise, kind=kind, view=view, unit=unit[kind], requires=requires)


_ANY = (
    "squat", "push_up", "lunge", "side_lunge", "deadlift", "calf_raise", "bicep_curl",
    "hammer_curl", "shoulder_press", "high_knees", "pull_up", "burpee", "bench_press", "row",
    "kettlebell_swing", "front_raise", "triceps_extension",
)  # fmt: skip
_SIDE = ("glute_bridge", "tricep_dip", "mountain_climber", "leg_raise", "sit_up")
_FRONT = ("lateral_raise", "jumping_jack", "low_impact_jack")
_HOLDS = ("wall_sit", "balance_leg", "balance_leg_left", "balance_leg_right")

CATALOGUE: dict[str, ExerciseInfo] = {
    entry.id: entry
    for entry in (
        *(_entry(name, "reps", "any") for name in _ANY),
        *(_entry(name, "reps", "side") for name in _SIDE),
        *(_entry(name, "reps", "front") for name in _FRONT),
        _entry("plank", "hold", "side"),
        *(_entry(name, "hold", "any") for name in _HOLDS),
        _entry("jump_analysis", "jump", "any", ("userHeightCm",)),
        _entry("air_time_jump", "jump", "any"),
    )
}
"""Every exercise by id."""

AUTO = "auto"
"""Stands for an exercise where it is to be recognised."""

_FACE = (
    "squat", "push_up", "plank", "lunge", "jumping_jack", "low_impact_jack", "balance_leg",
    "balance_leg_left", "balance_leg_right",
)  # fmt: skip
ALIASES: dict[str, str] = {
    **{f"face_{name}": name for name in _FACE},
    "face_pushup": "push_up",
    "side_squat": "squat",
    "side_plank": "plank",
    "side_pushup": "push_up",
    "side_push_up": "push_up",
    "pushup": "push_up",
    "pushups": "push_up",
    "push_ups": "push_up",
    "squats": "squat",
    "lunges": "lunge",
    "jumping_jacks": "jumping_jack",
    "mountain_climbers": "mountain_climber",
    "overhead_press": "shoulder_press",
    "situp": "sit_up",
    "situps": "sit_up",
    "sit_ups": "sit_up",
    "pullup": "pull_up",
    "pullups": "pull_up",
    "pull_ups": "pull_up",
    "burpees": "burpee",
    "balance_left_leg": "balance_leg_left",
    "balance_right_leg": "balance_leg_right",
    "jump": "air_time_jump",
}
"""Other names that clients use, and the ids they mean."""

_NEAR = 0.7
"""Similarity (difflib ratio) from which a name counts as misspelt: `sqat` has 0.89 to `squat`,
`plnk` 0.89 to `plank`, `moonwalk` at most 0.5 to any."""


def resolve_exercise(name: str) -> str:
    """The catalogue id of `name`, or AUTO; case, spaces and hyphens do not matter.

    Raises JobError `invalid_exercise` for a name that is neither an id nor an alias; it suggests
    the nearest id where one is near.
    """
    plain = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    found = ALIASES.get(plain, plain)
    if found == AUTO:
        return AUTO
    if found not in CATALOGUE:
        near = difflib.get_close_matches(plain, [*CATALOGUE, *ALIASES], n=1, cutoff=_NEAR)
        raise unknown_exercise(name, ALIASES.get(near[0], near[0]) if near else None)
    return found


def unit_of(exercise: str | None, recognised: str | None = None) -> Unit:
    """What is counted in an exercise, for AUTO in the `recognised` one; reps where a reference is
    followed (None) and where nothing was recognised."""
    if exercise == AUTO:
        exercise = recognised
    return "reps" if exercise in (None, AUTO) else CATALOGUE[exercise].unit
