"""What holds of every rep exercise, from each of its views, at any depth, tempo and noise.

A form is the mean over the reps performed; one that is not even an attempt scores 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.synthetic.analysis import entries_of, reps_of
from tests.synthetic.grid import YAWS, Cell
from tests.synthetic.perform import Script, perform
from worker.contract.exercises import CATALOGUE
from worker.contract.keypoints import FLIP
from worker.contract.message_parts import Rep
from worker.contract.options import JobOptions
from worker.contract.poses import quantised
from worker.exercises import EXERCISES
from worker.exercises.model import RepExercise
from worker.motion.form.criteria import CRITERIA
from worker.motion.form.criterion import MAJOR, UNSEEN, Judged
from worker.motion.form.score import combined

EVERY = pytest.mark.parametrize(
    "exercise", [entry.id for entry in CATALOGUE.values() if entry.kind == "reps"]
)
FEW = settings(max_examples=2, deadline=None)
UNJUDGED = MAJOR * (100 - UNSEEN)
"""Points that a criterion which is not judged in one of two good repetitions may be worth."""

VIEW, PACE, SEED = st.integers(0, 3), st.floats(0.8, 1.6), st.integers(0, 10_000)


def script_of(exercise: str, view: int, pace: float = 1.0, seed: int = 0) -> Script:
    """Two clean reps without noise."""
    yaws = YAWS[CATALOGUE[exercise].view]
    script = Cell(exercise, yaws[view % len(yaws)], pace, 30.0).script(2, seed)
    return replace(script, noise=0.0, dropout=0.0)


def assert_no_better(worse: Script, *better: Script, by: float) -> None:
    """The worse performance scores no higher than the best of the others, by at most `by` points:
    by the criteria that were judged in every repetition of all, and as jobs tell it."""
    reps = [_counted(script) for script in (worse, *better)]
    judged = [
        {one.name for one in rep.criteria or () if one.judged} for some in reps for rep in some
    ]
    common = set.intersection(*judged) if judged else set()
    # of performances that have no criterion in common nothing is shown
    assume(common)
    first, *others = (
        _mean(script, [_score(script.move, rep, common) for rep in some])
        for script, some in zip((worse, *better), reps, strict=True)
    )
    assert first <= max(others) + by
    told, *others = (
        _mean(script, [rep.formScore for rep in some])
        for script, some in zip((worse, *better), reps, strict=True)
    )
    assert told <= max(others) + by + UNJUDGED


def _counted(script: Script) -> list[Rep]:
    # what is only told of, and not counted, has no part
    return [rep for rep in reps_of(script, difficulty="easy") if rep.counted]


def _mean(script: Script, scores: list[float]) -> float:
    # a rep that is lost has no points
    return sum(scores) / max(len(scores), len(script.depths))


def _score(exercise: str, rep: Rep, names: set[str]) -> float:
    points = {one.name: one.score for one in rep.criteria or ()}
    known = [one for one in CRITERIA[exercise] if one.name in names]
    return combined(Judged(one, None, points[one.name]) for one in known)


@EVERY
@FEW
@given(view=VIEW, pace=PACE, depth=st.floats(0.6, 1.0), less=st.floats(0.05, 0.5))
def test_shallower_never_scores_higher(
    exercise: str, view: int, pace: float, depth: float, less: float
) -> None:
    deep = replace(script_of(exercise, view, pace), depths=(depth, depth))
    assert_no_better(replace(deep, depths=(depth - less,) * 2), deep, by=0.11)


@EVERY
@FEW
@given(view=VIEW, pace=PACE, some=st.floats(0.0, 0.4), more=st.floats(0.05, 0.3))
def test_more_lopsided_never_scores_higher(
    exercise: str, view: int, pace: float, some: float, more: float
) -> None:
    # Beyond 0.7 the lesser arm hardly moves, and the other's is a clean one-armed rep; where each
    # arm's repetition is its own, that is so as soon as the lesser one does half of a full rep.
    found = EXERCISES[exercise]
    each = isinstance(found, RepExercise) and found.sides == "each"
    worse = min(some + more, 0.45 if each else 0.7)
    even = replace(script_of(exercise, view, pace), lopsided=min(some, worse))
    # the shallower side leans forward less, which earns up to a point back
    assert_no_better(replace(even, lopsided=worse), even, by=1.0)


@EVERY
@FEW
@given(view=VIEW, pace=st.floats(1.0, 1.6), some=st.floats(0.0, 0.05), more=st.floats(0.03, 0.08))
def test_jerkier_never_scores_higher(
    exercise: str, view: int, pace: float, some: float, more: float
) -> None:
    # In faster reps a tremor three times a second hides in the movement, and only makes it deeper.
    smooth = replace(script_of(exercise, view, pace), jerk=some)
    # A slow tremor that meets the turn takes a rep deeper, by its own size at most.
    deeper = replace(smooth, depths=tuple(depth + more for depth in smooth.depths))
    assert_no_better(replace(smooth, jerk=some + more), smooth, deeper, by=1.0)


@EVERY
@FEW
@given(view=VIEW, pace=PACE, lopsided=st.floats(0, 0.3), seed=SEED)
def test_a_mirrored_clip_says_the_same(
    exercise: str, view: int, pace: float, lopsided: float, seed: int
) -> None:
    script = script_of(exercise, view, pace, seed)
    head, chunk = perform(replace(script, lopsided=lopsided, noise=0.004))
    turned = chunk.keypoints[:, list(FLIP)].copy()
    turned[..., 0] = np.float32(1) - turned[..., 0]
    options = JobOptions(exercise=exercise)
    first, second = (
        entries_of(head, [quantised(replace(chunk, keypoints=joints))], options)[1].result
        for joints in (chunk.keypoints, turned)
    )
    assert first.count == second.count
    assert first.avgScore == pytest.approx(second.avgScore, abs=0.5)


@EVERY
@FEW
@given(view=VIEW, pace=PACE, slower=st.floats(1.5, 3.0))
def test_slow_motion_changes_neither_count_nor_form(
    exercise: str, view: int, pace: float, slower: float
) -> None:
    base = replace(script_of(exercise, view, pace), fps=60.0)
    slow = replace(
        base, seconds=tuple(slower * part for part in base.seconds), lead=slower, fps=60.0 / slower
    )
    first, second = reps_of(base), reps_of(slow)
    assert len(first) == len(second) == 2
    for one, other in zip(first, second, strict=True):
        assert one.formScore == pytest.approx(other.formScore, abs=3)


@EVERY
@FEW
@given(view=VIEW, seed=SEED, share=st.floats(0.3, 0.9))
def test_size_in_the_picture_does_not_matter(
    exercise: str, view: int, seed: int, share: float
) -> None:
    script = replace(script_of(exercise, view, 1.0, seed), noise=0.004)
    near = replace(script, camera=replace(script.camera, distance=6, focal=1.4))
    far = replace(near, camera=replace(near.camera, focal=1.4 * share))
    first, second = reps_of(near), reps_of(far)
    assert len(first) == len(second) == 2
    for one, other in zip(first, second, strict=True):
        assert one.formScore == pytest.approx(other.formScore, abs=1)
