"""Form as a job tells it: from a pose log to the summary, the counters and the advice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.motion.form.form_reps import joints_of
from tests.synthetic.analysis import analyse, entries_of, reps_of
from tests.synthetic.perform import Camera, Script, duration, film, times_of
from worker.contract.messages import Counter, ExerciseSummary, Recommendations
from worker.contract.options import JobOptions

VIEWS = [
    ("squat", 0.0), ("squat", 40.0), ("squat", 90.0), ("push_up", 0.0), ("push_up", 90.0),
    ("bicep_curl", 0.0), ("bicep_curl", 90.0), ("jumping_jack", 0.0), ("shoulder_press", 90.0),
]  # fmt: skip


def performed(move: str, yaw: float, **more: object) -> Script:
    height = 0.6 if move == "push_up" else 1.0
    made = Script(move=move, depths=(1.0,) * 3, camera=Camera(yaw=yaw, height=height))
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("move", "yaw"), VIEWS)
def test_a_clean_rep_earns_an_a(move: str, yaw: float) -> None:
    scores = [rep.formScore for rep in reps_of(performed(move, yaw))]
    assert len(scores) == 3 and min(scores) >= 90


@pytest.mark.parametrize("move", ["squat", "push_up", "bicep_curl"])
def test_a_shallow_set_scores_lower(move: str) -> None:
    deep, shallow = (
        reps_of(performed(move, 90.0, depths=(depth,) * 3), difficulty="easy")
        for depth in (1.0, 0.55)
    )
    assert max(rep.formScore for rep in shallow) < min(rep.formScore for rep in deep) - 10


def test_every_criterion_is_told_with_value_and_unit_or_as_not_judged() -> None:
    for rep in reps_of(performed("squat", 90.0)):
        told = {one.name: one for one in rep.criteria or ()}
        assert {"range", "trunk_forward", "knees_in", "tempo"} <= set(told)
        assert told["range"].judged and told["range"].value is not None
        assert not told["knees_in"].judged and told["knees_in"].score is None
        for one in told.values():
            if one.judged and one.atMs is not None:
                assert rep.startMs <= one.atMs <= rep.endMs


def test_counters_carry_the_criteria_of_their_rep() -> None:
    entries, _ = analyse(performed("squat", 90.0))
    counters = [e.message for e in entries if isinstance(e.message, Counter)]
    summary = next(e.message for e in entries if isinstance(e.message, ExerciseSummary))
    forms = [counter.form_score for counter in counters if not counter.final]
    assert [form.criteria for form in forms if form] == [rep.criteria for rep in summary.history]


def test_a_grade_asked_for_refuses_reps_below_it() -> None:
    shallow = performed("push_up", 90.0, depths=(0.6, 0.6, 0.6))
    free = reps_of(shallow, difficulty="easy")
    asked = reps_of(shallow, difficulty="easy", minGrade="A")
    assert all(rep.counted for rep in free)
    assert [rep.counted for rep in asked] == [rep.formScore >= 90 for rep in free]
    assert {rep.reason for rep in asked if not rep.counted} <= {"below_min_grade"}


def test_advice_names_the_fault_in_the_language_asked_for() -> None:
    script = performed("push_up", 90.0, depths=(0.55,) * 4)
    entries, _ = analyse(script, difficulty="easy", recommendations=True, language="de")
    said = [e.message for e in entries if isinstance(e.message, Recommendations)]
    assert any("push_up_deeper" in one.codes for one in said)
    assert any("Bring die Brust näher zum Boden." in one.data for one in said)
    assert all(len(one.codes) <= 2 for one in said)


def test_a_hold_has_a_score() -> None:
    made = Script(
        move="plank", depths=(1.0,), seconds=(0.9, 8.0, 0.8, 0.5),
        camera=Camera(yaw=90.0, height=0.6),
    )  # fmt: skip
    entries, analysis = analyse(made)
    last = [e.message for e in entries if isinstance(e.message, Counter)][-1]
    assert last.form_score is not None and last.form_score.score >= 90
    assert {one.name for one in last.form_score.criteria or ()} == {
        "hips_low", "hips_high", "arms_upright", "drift",
    }  # fmt: skip
    assert analysis.result.avgScore == last.form_score.score and analysis.result.grade == "A"


def test_a_plain_fault_is_spoken_of_while_it_happens() -> None:
    """Hips that hang in every push-up: the sentence comes within the set, not at its end."""
    made = performed("push_up", 90.0, depths=(1.0,) * 5)
    seconds = times_of(made)
    joints = joints_of(made)
    for side in ("left", "right"):
        joints[f"{side}_hip"] = joints[f"{side}_hip"] - np.array([0.0, 0.0, 0.16])
    head, chunk = film(joints, seconds, duration(made), made)
    options = JobOptions(exercise="push_up", recommendations=True)
    entries, _ = entries_of(head, [chunk], options)
    said = [e for e in entries if isinstance(e.message, Recommendations)]
    assert said and "push_up_hips_up" in said[0].message.codes
    frame = int(said[0].id.split("-")[0])
    assert frame / made.fps < 0.6 * duration(made)
