"""Exercises that nobody named: recognised and counted, or counted as unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.grid import Cell
from tests.synthetic.perform import Camera, Script, perform, split
from worker.contract.exercises import AUTO, unit_of
from worker.contract.messages import Counter, Entry, ExerciseSummary
from worker.contract.options import JobOptions, parse_options

SEEN = [
    ("squat", 90), ("squat", 45), ("push_up", 90), ("lunge", 90), ("deadlift", 90),
    ("bicep_curl", 0), ("shoulder_press", 0), ("lateral_raise", 0), ("jumping_jack", 0),
    ("high_knees", 45), ("calf_raise", 0), ("glute_bridge", 90), ("leg_raise", 90),
    ("tricep_dip", 90), ("mountain_climber", 90), ("sit_up", 90), ("pull_up", 0),
    ("burpee", 90), ("bench_press", 90), ("row", 45), ("kettlebell_swing", 90),
    ("front_raise", 45), ("triceps_extension", 45),
]  # fmt: skip


def summary_of(entries: list[Entry]) -> ExerciseSummary:
    return next(e.message for e in entries if isinstance(e.message, ExerciseSummary))


@pytest.mark.parametrize(("move", "yaw"), SEEN)
def test_an_exercise_is_recognised_and_counted(move: str, yaw: float) -> None:
    entries, analysis = analyse(Cell(move, yaw, 1.0, 30.0).script(5, seed=3), AUTO)
    summary = summary_of(entries)
    assert (summary.exercise, summary.counter) == (move, 5)
    assert analysis.result.count == 5
    assert summary.recognised[0].exercise == move
    scores = [one.score for one in summary.recognised]
    assert len(scores) <= 3 and scores == sorted(scores, reverse=True)


def test_a_plank_is_recognised_and_its_seconds_counted() -> None:
    script = Script(
        move="plank", depths=(1.0,), seconds=(1.0, 12.0, 1.0, 1.0),
        camera=Camera(yaw=90, height=0.6),
    )  # fmt: skip
    entries, analysis = analyse(script, AUTO)
    assert summary_of(entries).exercise == "plank"
    assert analysis.result.seconds == pytest.approx(12, abs=1)
    assert summary_of(entries).counter == analysis.result.count


@pytest.mark.parametrize("move", ["standing", "walking"])
@pytest.mark.parametrize("yaw", [0, 45, 90])
def test_standing_and_walking_count_nothing(move: str, yaw: float) -> None:
    script = Script(move=move, depths=(1.0,) * 8, noise=0.008, camera=Camera(yaw=yaw))
    summary = summary_of(analyse(script, AUTO)[0])
    assert (summary.exercise, summary.counter) == ("unknown", 0)


def test_what_is_no_exercise_of_the_catalogue_is_counted_as_unknown() -> None:
    """Somebody who hinges upside down, say."""
    script = Cell("deadlift", 90.0, 1.0, 30.0).script(5, seed=1)
    head, chunk = perform(script)
    upside = replace(chunk, keypoints=chunk.keypoints.copy())
    seen = upside.keypoints[..., 2] > 0
    upside.keypoints[..., 1][seen] = 1 - upside.keypoints[..., 1][seen]
    summary = summary_of(entries_of(head, [upside], JobOptions(exercise=AUTO))[0])
    assert (summary.exercise, summary.counter) == ("unknown", 5)


def test_a_long_clip_is_counted_from_its_second_minute_on_and_before() -> None:
    """In two minutes of squats the first is told when they are recognised, the rest as it goes."""
    script = replace(Cell("squat", 90.0, 1.0, 15.0).script(50, seed=1), dropout=0.0)
    entries, _ = analyse(script, AUTO)
    counters = [e for e in entries if isinstance(e.message, Counter) and not e.message.final]
    frames = [int(entry.id.split("-")[0]) for entry in counters]
    assert len(counters) == 50
    assert min(frames) >= 60 * 15 and sum(frame < 70 * 15 for frame in frames) >= 24
    assert summary_of(entries).exercise == "squat"


def test_how_frames_come_does_not_matter() -> None:
    script = Cell("bicep_curl", 0.0, 1.0, 15.0).script(40, seed=2)
    head, chunk = perform(script)
    options = JobOptions(exercise=AUTO)
    once, _ = entries_of(head, [chunk], options)
    parts, _ = entries_of(head, split(chunk, [7, 100, 3, 450, 64, 1]), options)
    assert once == parts


def test_it_is_an_option_like_any_exercise() -> None:
    assert parse_options({"exercise": " AUTO "}).exercise == AUTO
    assert unit_of(AUTO) == "reps"
