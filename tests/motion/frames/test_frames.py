"""Whatever is followed, many frames at once give what few at a time give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.synthetic.analysis import entries_of
from tests.synthetic.jumps import JumpScript, perform_jumps
from tests.synthetic.perform import Camera, Script, perform, split
from tests.synthetic.references import reference, script_of
from worker.contract.messages import encode, type_of
from worker.contract.options import JobOptions
from worker.contract.poses import LogHead, PoseChunk
from worker.contract.reference_poses import ReferencePoses

ROUGH = {"noise": 0.01, "dropout": 0.08, "uneven": 0.5, "seed": 5}
SIZES = ([1] * 500, [7] * 100, [60] * 20)
REPS = ("squat", "push_up", "lunge", "calf_raise", "high_knees", "lateral_raise", "glute_bridge")


def said(
    head: LogHead,
    chunks: list[PoseChunk],
    options: JobOptions,
    poses: ReferencePoses | None = None,
) -> list[tuple[str, bytes]]:
    entries, _ = entries_of(head, chunks, options, poses)
    return [(entry.id, encode(entry.message)) for entry in entries]


def same_for_all(
    head: LogHead, chunk: PoseChunk, options: JobOptions, poses: ReferencePoses | None = None
) -> list[str]:
    """The types of what is said, which is the same for every chunking."""
    whole = said(head, [chunk], options, poses)
    for sizes in SIZES:
        assert said(head, split(chunk, sizes), options, poses) == whole
    entries, _ = entries_of(head, [chunk], options, poses)
    return [type_of(entry.message) for entry in entries]


@pytest.mark.parametrize("move", [*REPS, "plank", "wall_sit", "balance_leg"])
@pytest.mark.parametrize("yaw", [0, 90])
def test_exercises(move: str, yaw: float) -> None:
    head, chunk = perform(replace(Script(move, camera=Camera(yaw=yaw)), **ROUGH))
    options = JobOptions(exercise=move, progression=True, recommendations=True)
    assert "exercise_summary" in same_for_all(head, chunk, options)


def test_a_count_that_overrules_guidance() -> None:
    """Seen from the side, so never right, until a rep counts; then the subject leaves."""
    head, chunk = perform(Script("lateral_raise", camera=Camera(yaw=90)))
    joints = chunk.keypoints.copy()
    joints[-75:] = 0
    options = JobOptions(exercise="lateral_raise")
    kinds = same_for_all(head, replace(chunk, keypoints=joints), options)
    assert kinds.count("posture") == 3


def test_a_long_rep_whose_end_is_hidden() -> None:
    head, chunk = perform(Script(depths=(1.0,), seconds=(0.9, 19.4, 0.8, 3.0)))
    seconds = chunk.times_us * 1e-6
    joints = chunk.keypoints.copy()
    joints[(seconds > 21.25) & (seconds < 22.7)] = 0
    options = JobOptions(exercise="squat")
    assert "counter" in same_for_all(head, replace(chunk, keypoints=joints), options)


@pytest.mark.parametrize("exercise", ["air_time_jump", "jump_analysis"])
def test_jumps(exercise: str) -> None:
    head, chunk, _ = perform_jumps(
        JumpScript((0.3, 0.4, 0.5), forward=0.2, seen=Script(noise=0.005))
    )
    options = JobOptions(exercise=exercise, userHeightCm=178.0)
    assert "jump_height" in same_for_all(head, chunk, options)


def test_a_reference() -> None:
    head, chunk = perform(replace(script_of("squat", 3, 0), **ROUGH))
    poses = reference(script_of("squat", 1, 0))
    options = JobOptions(reference="ref_1", progression=True)
    assert "counter" in same_for_all(head, chunk, options, poses)
