"""What `make accuracy` looks at: each clip with the exercise asked for and the truth."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

Kind = Literal["reps", "hold", "jump", "nothing", "nobody", "error"]

HOLD_TOLERANCE_S = 1.5
"""How far a hold may be from its label: where a pose begins is a judgement."""
FLIGHT_CM, RISE_SHARE = 2.0, 0.05
"""How far a jump of known height may be measured off: by its air time, and by its rise."""
LONG = "squat5_long_12min_300reps.mp4"
STANDING_EXERCISES = ("squat", "lunge", "deadlift", "bicep_curl", "jumping_jack", "high_knees")
"""Exercises that standing and walking are put to; the jumps come besides."""


@dataclass(frozen=True)
class Case:
    """A clip, the exercise asked for, and what is true of it.

    `accept` holds the counts that are right (reps, or jumps); `seconds` the length of a hold;
    `true_cm` the best knowledge of each jump's height and `bounds_cm` the least and the greatest
    that is right. `user_height_cm` goes with `jump_analysis`.
    """

    group: str
    clip: Path
    exercise: str
    kind: Kind
    accept: tuple[int, ...] = (0,)
    seconds: float = 0.0
    true_cm: tuple[float, ...] = ()
    bounds_cm: tuple[tuple[float, float], ...] = ()
    user_height_cm: float | None = None

    @property
    def truth(self) -> str:
        """The truth in a table's cell."""
        if self.kind == "hold":
            return f"{self.seconds:.1f} s"
        if self.kind == "jump":
            return ", ".join(
                f"{true:.1f} cm ({low:.1f}-{high:.1f})"
                for true, (low, high) in zip(self.true_cm, self.bounds_cm, strict=True)
            )
        if self.kind in ("error", "nobody"):
            return {"error": "a clear error", "nobody": "0, nobody there"}[self.kind]
        return "/".join(map(str, self.accept))


def _negatives(group: str, clip: Path) -> list[Case]:
    exercises = (*STANDING_EXERCISES, "air_time_jump")
    return [Case(group, clip, exercise, "nothing") for exercise in exercises]


def _labelled(folder: Path, label: dict[str, Any]) -> list[Case]:
    clip, times = folder / label["file"], label["times"]
    exercise = label["exerciseId"]
    if exercise is None:
        put_to = ("squat", "push_up", "lunge", "deadlift", "plank", "air_time_jump")
        return [Case("development", clip, other, "nothing") for other in put_to]
    if hold := re.search(r"HOLD.*≈([\d.]+) s", times):
        return [Case("development", clip, exercise, "hold", seconds=float(hold[1]))]
    if jump := re.search(r"→ ([\d.]+) cm \(([\d.]+)–([\d.]+)\)", times):
        best, low, high = map(float, jump.groups())
        return [
            Case("development", clip, exercise, "jump", (1,), 0.0, (best,), ((low, high),))
        ]  # fmt: skip
    return [Case("development", clip, exercise, "reps", tuple(label["reps_accept"]))]


def development(shared: Path) -> list[Case]:
    """The labelled clips of real people."""
    folder = shared / "media" / "videos"
    labels = json.loads((folder / "labels.json").read_text())
    return [case for label in labels for case in _labelled(folder, label)]


def _variant(clip: Path) -> Case:
    name = clip.name
    if "_bad_" in name:
        return Case("squat5 variants", clip, "squat", "error")
    if "_no_person_" in name:
        return Case("squat5 variants", clip, "squat", "nobody")
    if "_one_frame" in name or "_two_frames" in name:
        return Case("squat5 variants", clip, "squat", "nothing")
    count = 300 if name == LONG else 5
    return Case("squat5 variants", clip, "squat", "reps", (count,))


def variants(shared: Path, *, long: bool) -> list[Case]:
    """The 5-squat clip in every encoding; the one of 12 minutes only with `long`."""
    clips = sorted((shared / "media" / "edge" / "video").glob("squat5_*"))
    return [_variant(clip) for clip in clips if long or clip.name != LONG]


def negatives(sample: Path) -> list[Case]:
    """Real people walking, put to exercises that they do not do: but for the man on the roof, who
    is the subject and does two jumping jacks before the walkers come (0.3-1.2 s and 1.5-2.4 s). In
    each he leaves the floor with both feet twice, apart and together again."""
    cases = _negatives("walking", sample) if sample.is_file() else []
    done = {"jumping_jack": 2, "air_time_jump": 4}
    return [
        replace(case, kind="reps", accept=(done[case.exercise],)) if case.exercise in done else case
        for case in cases
    ]


def shipped(folder: Path) -> list[Case]:
    """The clips of our own make with their exact truth."""
    path = folder / "truth.json"
    clips = json.loads(path.read_text())["clips"] if path.is_file() else []
    return [case for truth in clips for case in _of_truth(folder, truth)]


def _of_truth(folder: Path, truth: dict[str, Any]) -> list[Case]:
    clip, exercise = folder / truth["file"], truth["exercise"]
    if exercise is None:
        return _negatives("shipped", clip)
    if "hold_s" in truth:
        return [Case("shipped", clip, exercise, "hold", seconds=truth["hold_s"])]
    if "jumps" not in truth:
        return [Case("shipped", clip, exercise, "reps", (truth["reps"],))]
    flights = tuple(jump["flight_height_cm"] for jump in truth["jumps"])
    rises = tuple(jump["hip_rise_cm"] for jump in truth["jumps"])
    by_time = tuple((height - FLIGHT_CM, height + FLIGHT_CM) for height in flights)
    by_rise = tuple((height * (1 - RISE_SHARE), height * (1 + RISE_SHARE)) for height in rises)
    count = (len(flights),)
    return [
        Case("shipped", clip, "air_time_jump", "jump", count, 0.0, flights, by_time),
        Case(
            "shipped", clip, "jump_analysis", "jump", count, 0.0, rises, by_rise,
            truth["stature_cm"],
        ),
    ]  # fmt: skip
