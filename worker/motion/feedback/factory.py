"""Which reporter follows what a job asks for."""

from __future__ import annotations

from worker.contract.errors import unknown_exercise, unknown_reference
from worker.contract.exercises import AUTO, CATALOGUE
from worker.contract.grades import floor_of
from worker.contract.media import MediaInfo
from worker.contract.options import JobOptions
from worker.contract.reference_poses import LIMBS, ReferencePoses
from worker.exercises import EXERCISES
from worker.exercises.model import JumpExercise
from worker.motion.features.body_segments import PAIRS
from worker.motion.feedback.reporter import ExerciseReporter
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
    least_score = floor_of(options.minGrade) if options.minGrade else None
    if options.reference is not None:
        if reference is None:
            raise unknown_reference(options.reference)
        tracker = ReferenceTracker(reference, options.difficulty, least_score)
        return ExerciseReporter(tracker, _moving_joints(reference), "any", options)
    if options.exercise is None:
        return None
    if options.exercise == AUTO:
        recogniser = AutoTracker(options.difficulty, least_score)
        return ExerciseReporter(recogniser, ("shoulder", "hip"), "any", options)
    exercise = EXERCISES.get(options.exercise)
    if exercise is None:
        raise unknown_exercise(options.exercise)
    if isinstance(exercise, JumpExercise):
        return JumpReporter(exercise, options, media)
    counter = tracker_of(exercise, options.difficulty, least_score)
    return ExerciseReporter(counter, exercise.joints, CATALOGUE[exercise.id].view, options)


def _moving_joints(reference: ReferencePoses) -> tuple[str, ...]:
    """The joints that move in a reference movement, of one side."""
    ends = {joint for limb in moving_limbs(reference) for joint in LIMBS[limb][:2]}
    return tuple(name for name, sides in PAIRS.items() if ends.intersection(sides))
