"""Which reporter follows what a job asks for."""

from __future__ import annotations

from worker.contract.errors import unknown_exercise, unknown_reference
from worker.contract.exercises import AUTO, CATALOGUE
from worker.contract.grades import floor_of
from worker.contract.media import MediaInfo
from worker.contract.options import JobOptions
from worker.contract.reference_poses import LIMBS, ReferencePoses
from worker.exercises import EXERCISES
from worker.exercises.model import HoldExercise, JumpExercise, RepExercise
from worker.motion.features.body_segments import PAIRS
from worker.motion.feedback.reporter import ExerciseReporter, Target
from worker.motion.form import advice_texts
from worker.motion.jumps.reporter import JumpReporter
from worker.motion.recognition.tracker import AutoTracker, tracker_of
from worker.motion.reference.template import moving_limbs
from worker.motion.reference.tracker import ReferenceTracker

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
        return ExerciseReporter(_reference_target(reference, options), options)
    if options.exercise is None:
        return None
    if options.exercise == AUTO:
        return ExerciseReporter(_recognised_target(options), options)
    exercise = EXERCISES.get(options.exercise)
    if exercise is None:
        raise unknown_exercise(options.exercise)
    if isinstance(exercise, JumpExercise):
        return JumpReporter(exercise, options, media)
    return ExerciseReporter(_exercise_target(exercise, options), options)


def _exercise_target(exercise: RepExercise | HoldExercise, options: JobOptions) -> Target:
    return Target(
        name=exercise.id,
        tracker=tracker_of(exercise, options.difficulty, _least_score(options)),
        joints=exercise.joints,
        view=CATALOGUE[exercise.id].view,
        texts=advice_texts(exercise.id, options.language),
        hold=isinstance(exercise, HoldExercise),
    )


def _recognised_target(options: JobOptions) -> Target:
    """Whatever exercise the media shows."""
    tracker = AutoTracker(options.difficulty, _least_score(options))
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


def _reference_target(reference: ReferencePoses, options: JobOptions) -> Target:
    """A reference movement; guidance asks for the joints that move in it."""
    ends = {joint for limb in moving_limbs(reference) for joint in LIMBS[limb][:2]}
    return Target(
        name=reference.name,
        tracker=ReferenceTracker(reference, options.difficulty, _least_score(options)),
        joints=tuple(name for name, sides in PAIRS.items() if ends.intersection(sides)),
        texts=advice_texts(reference.exercise or "", options.language),
        reference=True,
    )


def _least_score(options: JobOptions) -> float | None:
    return floor_of(options.minGrade) if options.minGrade else None
