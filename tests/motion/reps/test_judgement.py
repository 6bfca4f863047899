"""What is decided about the cycles of a clip together."""

from __future__ import annotations

import numpy as np
import pytest

from worker.exercises.model import Condition, RepExercise, Signal
from worker.motion.features.body_segments import Floats
from worker.motion.reps.cycles import Cycle
from worker.motion.reps.judgement import Verdict, compare, measured

MOVES = Condition("shoulder_height", "range", low=0.06)
STAYS = Condition("ankle_spread", "range", high=0.18)
EXERCISE = RepExercise(
    "any", (Signal("knee_flexion", 90),), ("knee",), conditions=(MOVES, STAYS),
    typical=tuple(Condition(name, "turn", high=1.0) for name in ("a", "b", "c", "d")),
)  # fmt: skip
ROWS = 20


def clip(*ranges: float, feet: float = 0.0, typical: int = 4) -> tuple[list[Verdict], Floats]:
    """Cycles of ROWS rows and the measures of them: the first one ranges over `ranges`, `typical`
    of the last four hold."""
    wave = (1 - np.cos(2 * np.pi * np.arange(ROWS) / (ROWS - 1))) / 2
    columns = [np.concatenate([size * wave for size in ranges]), np.tile(feet * wave, len(ranges))]
    columns += [np.full(ROWS * len(ranges), float(place >= typical) * 2) for place in range(4)]
    cycles = [
        Cycle(ROWS * k, ROWS * k + ROWS // 2, ROWS * k + ROWS - 1, 1.0, 1.0, 1.0, False, False)
        for k in range(len(ranges))
    ]
    return [Verdict(cycle) for cycle in cycles], np.stack(columns, axis=1)


def reasons(verdicts: list[Verdict]) -> list[str | None]:
    return [verdict.reason for verdict in verdicts]


def test_a_condition_decides_where_it_is_seen_in_half_of_the_cycles() -> None:
    verdicts, measures = clip(0.15, 0.15, 0.15, 0.15, feet=0.3)
    assert reasons(compare(EXERCISE, verdicts, measures)) == ["other_movement"] * 4
    measures[ROWS:, 1] = np.nan
    assert reasons(compare(EXERCISE, verdicts, measures)) == [None] * 4


@pytest.mark.parametrize(
    ("count", "typical", "other"), [(1, 1, True), (1, 2, False), (2, 1, True), (3, 1, False)]
)
def test_the_fewer_the_more_they_must_look_like_it(count: int, typical: int, other: bool) -> None:
    verdicts, measures = clip(*[0.15] * count, typical=typical)
    found = reasons(compare(EXERCISE, verdicts, measures))
    assert found == ["other_movement" if other else None] * count


def test_half_a_repetition_alone_is_less_evidence_than_a_whole_one() -> None:
    verdicts, measures = clip(0.15, typical=2)
    half = [Verdict(verdicts[0].cycle._replace(out=0.2))]
    assert reasons(compare(EXERCISE, verdicts, measures)) == [None]
    assert reasons(compare(EXERCISE, half, measures)) == ["other_movement"]


def test_what_counts_where_less_is_asked_for_refuses_no_full_repetition() -> None:
    verdicts, measures = clip(0.1, 0.01)
    small = verdicts[1].cycle._replace(out=0.5 * EXERCISE.least, back=0.5 * EXERCISE.least)
    assert reasons(compare(EXERCISE, verdicts, measures)) == ["other_movement"] * 2
    assert reasons(compare(EXERCISE, [verdicts[0], Verdict(small)], measures)) == [None] * 2


def test_a_range_is_told_by_half_of_the_frames_at_least() -> None:
    values = [0.0, 1.0, *[float("nan")] * 6]
    assert np.isnan(measured(MOVES, np.array(values), 0, 4, 7))
    assert measured(MOVES, np.array([*values[:2], 0.5, 0.2, 0.7, *values[5:]]), 0, 4, 7) == 1.0
