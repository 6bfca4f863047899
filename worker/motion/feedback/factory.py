"""Which reporter follows what a job asks for."""

from __future__ import annotations

from worker.contract.errors import unknown_reference
from worker.contract.exercises import AUTO
from worker.contract.media import MediaInfo
from worker.contract.options import JobOptions
from worker.contract.reference_poses import ReferencePoses
from worker.exercises import EXERCISES
from worker.exercises.model import JumpExercise
from worker.motion.feedback.reporter import ExerciseReporter
from worker.motion.feedback.target import (
    followed_exercise,
    followed_reference,
    recognised_exercise,
)
from worker.motion.jumps.reporter import JumpReporter

AnyReporter = ExerciseReporter | JumpReporter


def make_reporter(
    options: JobOptions, media: MediaInfo, reference: ReferencePoses | None = None
) -> AnyReporter | None:
    """The reporter of what the options name, None where they name nothing.

    Raises JobError `invalid_exercise` if an exercise has no data, and `reference_not_found` if a
    reference is named but not given.
    """
    if options.reference is not None:
        if reference is None:
            raise unknown_reference(options.reference)
        return ExerciseReporter(followed_reference(reference, options), options, media)
    if options.exercise is None:
        return None
    if options.exercise == AUTO:
        return ExerciseReporter(recognised_exercise(options, media), options, media)
    exercise = EXERCISES.get(options.exercise)
    if isinstance(exercise, JumpExercise):
        return JumpReporter(exercise, options, media)
    return ExerciseReporter(followed_exercise(options, media), options, media)
