"""Reps counted and scored against a reference movement."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.perform import Camera, Script, perform
from tests.synthetic.references import measured, reference, script_of
from worker.contract.errors import JobError
from worker.contract.grades import grade_of
from worker.contract.message_parts import Rep
from worker.contract.messages import (
    Counter,
    ExerciseSummary,
    FormScoreMessage,
    Recommendations,
    encode,
    type_of,
)
from worker.contract.options import JobOptions
from worker.contract.reference_poses import ReferencePoses
from worker.motion.feedback.factory import make_reporter

MOVES = (
    "squat", "push_up", "bicep_curl", "jumping_jack", "lunge", "deadlift", "lateral_raise",
    "shoulder_press", "high_knees",
)  # fmt: skip
VIEWS = [(move, yaw) for move in MOVES for yaw in (0, 90)]


@cache
def reporter(move: str, yaw: float = 0.0) -> ReferencePoses:
    return reference(script_of(move, 1, yaw))


def first_rep(poses: ReferencePoses, script: Script) -> Rep:
    return measured(poses, script)[2].history[0]


@pytest.mark.parametrize(("move", "yaw"), VIEWS)
@pytest.mark.parametrize(("fps", "pace"), [(12, 1.0), (30, 1.0), (60, 0.7), (30, 2.0)])
def test_every_rep_counts(move: str, yaw: float, fps: float, pace: float) -> None:
    seconds = (0.9 * pace, 0.1 * pace, 0.8 * pace, 0.5 * pace)
    script = script_of(move, 4, yaw, noise=0.008, dropout=0.05, seconds=seconds, fps=fps)
    _, result, summary = measured(reporter(move, yaw), script)
    assert result.count == 4
    assert len(summary.history) == 4


@pytest.mark.parametrize(("move", "yaw"), VIEWS)
def test_other_movements_count_nothing(move: str, yaw: float) -> None:
    for other in {*MOVES, "standing", "walking"} - {move}:
        script = script_of(other, 3, yaw, noise=0.008, dropout=0.05, seed=3)
        assert measured(reporter(move, yaw), script)[1].count == 0, other


@settings(max_examples=15, deadline=None)
@given(
    move=st.sampled_from(("bicep_curl", "jumping_jack", "lateral_raise", "shoulder_press")),
    turn=st.floats(-20, 20),
    height=st.floats(0.5, 1.5),
    distance=st.floats(3, 6),
)
def test_another_camera_is_no_other_movement(
    move: str, turn: float, height: float, distance: float
) -> None:
    camera = Camera(yaw=turn, height=height, distance=distance)
    assert measured(reporter(move), script_of(move, 3, camera=camera))[1].count == 3


def test_what_is_said_of_a_rep() -> None:
    entries, result, summary = measured(reporter("squat", 90), script_of("squat", 2, 90))
    counters = [e.message for e in entries if isinstance(e.message, Counter)]
    assert [c.current_count for c in counters] == [1, 2, 2]
    for counter, rep in zip(counters, (*summary.history, summary.history[-1]), strict=True):
        score = rep.referenceScore
        assert score is not None and score == counter.reference_score
        assert counter.form_score is not None
        assert counter.form_score.score == rep.formScore
        assert score.overallScore == pytest.approx(rep.formScore / 100)
        assert rep.grade == score.grade == grade_of(rep.formScore)
        assert rep.criteria is not None
        names = [criterion.name for criterion in rep.criteria]
        assert names[:5] == ["pose", "tempo", "rhythm", "range", "smoothness"]
        assert len({*names}) == len(names) > 5
    overall = [rep.formScore for rep in summary.history]
    assert summary.exercise == "coach"
    assert summary.avg_rep_score == result.avgScore
    assert summary.avg_similarity == pytest.approx(result.avgScore / 100)
    assert result.avgScore == pytest.approx(sum(overall) / 2, abs=0.06)
    assert result.avgScore > 95


@pytest.mark.parametrize(("move", "yaw"), [("squat", 90), ("bicep_curl", 90), ("push_up", 90)])
def test_form_is_measured_as_of_the_exercise_that_the_reference_is_of(move: str, yaw: int) -> None:
    script = script_of(move, 2, yaw)
    poses = reporter(move, yaw)
    assert poses.exercise == move
    entries, _ = analyse(script, move)
    counted = [e.message for e in entries if isinstance(e.message, ExerciseSummary)][-1].history
    by_reference = measured(poses, script)[2].history
    alone = measured(replace(poses, exercise=None), script)[2].history
    for own, rep, bare in zip(counted, by_reference, alone, strict=True):
        assert own.criteria and rep.criteria and bare.criteria and len(bare.criteria) == 5
        assert rep.criteria[:5] == bare.criteria and rep.formScore == bare.formScore
        expected = {one.name: one for one in own.criteria}
        for one in rep.criteria[5:]:
            assert one.judged == expected[one.name].judged
            assert one.unit == expected[one.name].unit
            if one.score is not None:
                assert one.score == pytest.approx(expected[one.name].score, abs=8)


def test_advice_is_that_of_the_exercise() -> None:
    uneven = script_of("shoulder_press", 3, lopsided=0.4)
    entries, _, _ = measured(reporter("shoulder_press"), uneven, recommendations=True)
    said = [e.message for e in entries if isinstance(e.message, Recommendations)]
    assert any("shoulder_press_even_sides" in one.codes for one in said)
    assert all(len(one.data) == len(one.codes) for one in said)


def test_progress_and_form_are_live() -> None:
    entries, _, _ = measured(reporter("squat"), script_of("squat", 2), progression=True)
    kinds = [type_of(e.message) for e in entries]
    assert kinds.count("progression") > 20
    assert kinds.index("form_score") < kinds.index("counter")
    values = [e.message.value for e in entries if type_of(e.message) == "progression"]
    first = values.index(100.0)
    assert values[: first + 1] == sorted(values[: first + 1])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=30), st.integers(0, 3))
def test_chunks_do_not_change_a_bit(sizes: list[int], seed: int) -> None:
    script = script_of("squat", 2, dropout=0.1, uneven=0.6, seed=seed)
    whole = measured(reporter("squat"), script, progression=True)
    parts = measured(reporter("squat"), script, sizes, progression=True)
    said = [[(e.id, encode(e.message)) for e in entries] for entries, _, _ in (whole, parts)]
    assert said[0] == said[1]
    assert whole[1] == parts[1]


@pytest.mark.parametrize(
    ("fault", "worse"),
    [
        ("depths", ((1.0,), (0.85,), (0.7,))),
        ("lopsided", (0.0, 0.15, 0.3)),
        ("jerk", (0, 0.05, 0.1)),
    ],
)
@pytest.mark.parametrize("move", ["squat", "bicep_curl", "jumping_jack"])
def test_a_worse_rep_scores_lower(move: str, fault: str, worse: tuple[object, ...]) -> None:
    yaw = 90 if move == "squat" and fault == "depths" else 0
    script = script_of(move, 1, yaw, noise=0.0)
    scores = [first_rep(reporter(move, yaw), replace(script, **{fault: bad})) for bad in worse]
    overall = [rep.formScore for rep in scores]
    assert overall[0] > overall[1] > overall[2]


@pytest.mark.parametrize("pace", [0.5, 2.0, 3.0])
def test_another_tempo_is_accepted_and_costs_timing_alone(pace: float) -> None:
    script = script_of("squat", 2, 90, noise=0.0)
    same = first_rep(reporter("squat", 90), script)
    changed = replace(script, seconds=tuple(pace * part for part in script.seconds))
    _, result, summary = measured(reporter("squat", 90), changed)
    other = summary.history[0]
    assert result.count == 2
    assert same.referenceScore is not None and other.referenceScore is not None
    assert other.referenceScore.timingScore < same.referenceScore.timingScore - 0.2
    assert other.referenceScore.poseScore > same.referenceScore.poseScore - 0.05
    assert other.referenceScore.movementScore > same.referenceScore.movementScore - 0.05


@pytest.mark.parametrize("move", ["squat", "push_up", "lunge", "bicep_curl"])
def test_the_other_side_is_accepted(move: str) -> None:
    _, result, _ = measured(reporter(move, 90), script_of(move, 3, -90))
    assert result.count == 3
    assert result.avgScore is not None and result.avgScore > 90


def test_one_arm_and_then_the_other() -> None:
    poses = reference(script_of("bicep_curl", 1, alternate=True))
    _, result, _ = measured(poses, script_of("bicep_curl", 4, alternate=True))
    assert result.count == 4


def test_the_lowest_grade_asked_for_is_that_of_the_whole() -> None:
    script = script_of("squat", 2, 90, noise=0.0, depths=(1.0, 0.7))
    _, result, summary = measured(reporter("squat", 90), script, minGrade="A")
    assert [rep.counted for rep in summary.history] == [True, False]
    assert result.count == 1
    assert summary.avg_similarity == summary.history[0].formScore / 100


def test_depth_asked_for_grows_with_difficulty() -> None:
    script = script_of("bicep_curl", 3, depths=(0.55, 0.7, 1.0))
    counts = [
        measured(reporter("bicep_curl"), script, difficulty=level)[1].count
        for level in ("easy", "normal", "pro")
    ]
    assert counts[0] == 3
    assert counts == sorted(counts, reverse=True) and counts[2] < 3


def test_a_reference_that_is_not_given_is_not_found() -> None:
    head, _ = perform(script_of("squat", 1))
    with pytest.raises(JobError) as caught:
        make_reporter(JobOptions(reference="ref_none"), head.media)
    assert caught.value.code == "reference_not_found"
    assert caught.value.details == {"reference": "ref_none"}


def test_who_is_not_seen_for_a_while_is_no_likeness() -> None:
    head, chunk = perform(script_of("squat", 3))
    moved, seconds = chunk.keypoints.copy(), chunk.times_us / 1e6
    moved[:, 7:11, 0] += 0.12  # arms that go elsewhere all the time
    for start in (2.2, 5.2, 8.0):
        moved[(seconds > start) & (seconds < start + 0.8)] = 0
    options = JobOptions(reference="ref_any")
    entries, _ = entries_of(head, [replace(chunk, keypoints=moved)], options, reporter("squat"))
    told = [e.message.score for e in entries if isinstance(e.message, FormScoreMessage)]
    assert told and max(told) < 60
