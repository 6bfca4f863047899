"""Form scores move the right way: worse never scores higher."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.synthetic.analysis import reps_of
from tests.synthetic.grid import Cell
from tests.synthetic.perform import Camera, Script
from worker.motion.reps.form_score import linear

VIEWS = [
    ("squat", 0.0), ("squat", 90.0), ("push_up", 0.0), ("push_up", 90.0), ("bicep_curl", 0.0),
    ("bicep_curl", 90.0), ("jumping_jack", 0.0),
]  # fmt: skip


def score(script: Script) -> float:
    """Mean form of the performance's attempts; 0 where there is none."""
    reps = reps_of(script, difficulty="easy")
    return sum(rep.formScore for rep in reps) / len(reps) if reps else 0.0


def base(move: str, yaw: float) -> Script:
    height = 0.6 if move == "push_up" else 1.0
    return Script(move=move, depths=(1.0, 1.0), camera=Camera(yaw=yaw, height=height))


@settings(max_examples=40, deadline=None)
@given(view=st.sampled_from(VIEWS), depth=st.floats(0.5, 1.0), less=st.floats(0.05, 0.4))
def test_shallower_never_scores_higher(view: tuple[str, float], depth: float, less: float) -> None:
    deep = replace(base(*view), depths=(depth, depth))
    shallow = replace(deep, depths=(depth - less,) * 2)
    assert score(shallow) <= score(deep) + 0.11


@settings(max_examples=40, deadline=None)
@given(view=st.sampled_from(VIEWS), some=st.floats(0.0, 0.4), more=st.floats(0.05, 0.3))
def test_more_lopsided_never_scores_higher(
    view: tuple[str, float], some: float, more: float
) -> None:
    # Beyond 0.7 the lesser arm hardly curls any more, and the other's is a clean one-armed rep.
    even = replace(base(*view), lopsided=some)
    assert score(replace(even, lopsided=some + more)) <= score(even) + 0.11


@settings(max_examples=40, deadline=None)
@given(view=st.sampled_from(VIEWS), depth=st.floats(0.6, 1.0), jerk=st.floats(0.03, 0.12))
def test_jerkier_never_scores_higher(view: tuple[str, float], depth: float, jerk: float) -> None:
    smooth = replace(base(*view), depths=(depth, depth))
    best = score(smooth)
    # A tremor may carry a rep over the depth that makes it an attempt at all.
    assume(best > 0)
    assert score(replace(smooth, jerk=jerk)) <= best + 0.11


@pytest.mark.parametrize(("move", "yaw"), VIEWS)
def test_a_clean_rep_earns_an_a(move: str, yaw: float) -> None:
    assert score(base(move, yaw)) >= 90


@pytest.mark.parametrize(("move", "yaw"), VIEWS)
def test_a_lopsided_rep_seen_from_the_front_loses_points(move: str, yaw: float) -> None:
    if yaw == 0:
        even = base(move, yaw)
        assert score(replace(even, lopsided=0.35)) <= score(even) - 5


@pytest.mark.parametrize(("good", "bad"), [(1.0, 0.0), (0.0, 1.0)])
def test_linear_is_clamped_and_goes_either_way(good: float, bad: float) -> None:
    assert linear(good, good, bad) == 100 and linear(bad, good, bad) == 0
    assert linear(0.5, good, bad) == 50
    assert linear(2 * good - bad, good, bad) == 100 and linear(2 * bad - good, good, bad) == 0


@pytest.mark.parametrize("yaw", [10.0, 25.0, 40.0])
def test_the_nearer_arm_is_no_uneven_one(yaw: float) -> None:
    """A push-up seen from beside its front: nothing is said of symmetry."""
    reps = reps_of(Cell("push_up", yaw, 1.0, 30.0).script(3, 1))
    assert len(reps) == 3
    assert all("symmetry" not in rep.criteria and rep.formScore > 70 for rep in reps)
