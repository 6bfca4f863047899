"""What a job follows: an exercise of the catalogue, or a reference movement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from worker.contract.errors import unknown_exercise
from worker.contract.exercises import AUTO, CATALOGUE, View
from worker.contract.grades import floor_of
from worker.contract.media import MediaInfo
from worker.contract.options import JobOptions
from worker.contract.reference_poses import LIMBS, ReferencePoses
from worker.exercises import EXERCISES
from worker.exercises.model import JumpExercise, RepExercise
from worker.motion.features.body_segments import PAIRS
from worker.motion.form import advice_texts
from worker.motion.frames.span import Frames
from worker.motion.recognition.score import View as FilmedView
from worker.motion.recognition.tracker import AutoTracker
from worker.motion.reference.template import moving_limbs
from worker.motion.reference.tracker import ReferenceTracker
from worker.motion.reps.frame_events import FrameEvent
from worker.motion.reps.hold_tracker import HoldTracker
from worker.motion.reps.tracker import RepTracker


class Tracker(Protocol):
    """Finds events in frames."""

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""

    def finish(self) -> FrameEvent:
        """What the media's end completes."""


@dataclass(frozen=True)
class Target:
    """`name` is what the summary says; `joints` are those of one side, without its prefix, that
    guidance asks for, seen from `view`; `texts` the advice by code. Where the exercise is to be
    recognised, `recogniser` tells its name."""

    name: str
    tracker: Tracker
    joints: tuple[str, ...]
    view: View = "any"
    texts: Mapping[str, str] = field(default_factory=dict)
    hold: bool = False
    reference: bool = False
    recogniser: AutoTracker | None = None


def _least_score(options: JobOptions) -> float | None:
    return floor_of(options.minGrade) if options.minGrade else None


def followed_exercise(options: JobOptions, media: MediaInfo) -> Target:
    """The options' exercise; raises JobError `invalid_exercise` if it has no data."""
    name = str(options.exercise)
    exercise = EXERCISES.get(name)
    if exercise is None or isinstance(exercise, JumpExercise):
        raise unknown_exercise(name)
    aspect = max(media.width, 1) / max(media.height, 1)
    return Target(
        name=name,
        tracker=RepTracker(
            exercise,
            options.difficulty,
            _least_score(options),
            media.rotation,
            aspect,
        )
        if isinstance(exercise, RepExercise)
        else HoldTracker(exercise, media.rotation, aspect),
        joints=(*exercise.joints, *exercise.guided),
        view=CATALOGUE[name].view,
        texts=advice_texts(name, options.language),
        hold=CATALOGUE[name].kind == "hold",
    )


def recognised_exercise(options: JobOptions, media: MediaInfo) -> Target:
    """Whatever exercise the media shows."""
    aspect = max(media.width, 1) / max(media.height, 1)
    view = FilmedView(media.rotation, aspect)
    tracker = AutoTracker(options.difficulty, _least_score(options), view)
    return Target(
        name=AUTO,
        tracker=tracker,
        joints=("shoulder", "hip"),
        texts={
            code: text
            for name in EXERCISES
            for code, text in advice_texts(name, options.language).items()
        },
        recogniser=tracker,
    )


def followed_reference(reference: ReferencePoses, options: JobOptions) -> Target:
    """A reference movement; guidance asks for the joints that move in it."""
    ends = {joint for limb in moving_limbs(reference) for joint in LIMBS[limb][:2]}
    return Target(
        name=reference.name,
        tracker=ReferenceTracker(reference, options.difficulty, _least_score(options)),
        joints=tuple(name for name, sides in PAIRS.items() if ends.intersection(sides)),
        texts=advice_texts(reference.exercise or "", options.language),
        reference=True,
    )
