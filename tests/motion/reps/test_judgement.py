"""What is decided about the repetitions of a clip together."""

from __future__ import annotations

import numpy as np
import pytest

from worker.contract.message_parts import RefusalReason
from worker.exercises.model import Condition, RepExercise, Signal
from worker.motion.features.body_segments import Body, Floats
from worker.motion.reps.attempts import Attempt, of_exercise
from worker.motion.reps.judgement import Span, looks_like, measured
from worker.motion.reps.signals import Rows

MOVES = Condition("shoulder_height", "range", low=0.06)
STAYS = Condition("ankle_spread", "range", high=0.18)
EXERCISE = RepExercise(
    "any", (Signal("knee_flexion", 90),), ("knee",), conditions=(MOVES, STAYS),
    typical=tuple(Condition(name, "turn", high=1.0) for name in ("a", "b", "c", "d")),
)  # fmt: skip
ROWS = 20


def clip(*ranges: float, feet: float = 0.0, typical: int = 4) -> tuple[list[Span], Floats]:
    """Repetitions of ROWS rows and the measures of them: the first one ranges over `ranges`,
    `typical` of the last four hold."""
    wave = (1 - np.cos(2 * np.pi * np.arange(ROWS) / (ROWS - 1))) / 2
    columns = [np.concatenate([size * wave for size in ranges]), np.tile(feet * wave, len(ranges))]
    columns += [np.full(ROWS * len(ranges), float(place >= typical) * 2) for place in range(4)]
    spans = [
        (ROWS * k, ROWS * k + ROWS // 2, ROWS * k + ROWS - 1, True) for k in range(len(ranges))
    ]
    return spans, np.stack(columns, axis=1)


def refused(
    spans: list[Span],
    measures: Floats,
    reasons: list[RefusalReason | None],
    sizes: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> list[RefusalReason | None]:
    """The reasons of attempts once the conditions were asked; `sizes` by the least one."""
    ones = np.ones((len(measures), 17))
    rows = Rows(0, 1.0, ones[:, 0], ones[:, 0], ones, ones, measures, Body(ones, ones, ones))
    attempts = [
        Attempt(
            first, turn, last, 0.0, 1.0, 2.0, size * EXERCISE.least, 1.0, (first, last), None,
            True, begins, reason,
        )
        for (first, turn, last, begins), size, reason in zip(spans, sizes, reasons, strict=False)
    ]  # fmt: skip
    return [one.reason for one in of_exercise(EXERCISE, rows, attempts)]


def test_a_condition_decides_where_it_is_seen_in_half_of_the_repetitions() -> None:
    spans, measures = clip(0.15, 0.15, 0.15, 0.15, feet=0.3)
    assert not looks_like(EXERCISE, spans, measures, 4.0)
    measures[ROWS:, 1] = np.nan
    assert looks_like(EXERCISE, spans, measures, 4.0)


@pytest.mark.parametrize(
    ("count", "typical", "expected"), [(1, 1, False), (1, 2, True), (2, 1, False), (3, 1, True)]
)
def test_the_fewer_the_more_they_must_look_like_it(
    count: int, typical: int, expected: bool
) -> None:
    spans, measures = clip(*[0.15] * count, typical=typical)
    assert looks_like(EXERCISE, spans, measures, count) is expected


def test_half_a_repetition_alone_is_less_evidence_than_a_whole_one() -> None:
    spans, measures = clip(0.15, typical=2)
    assert looks_like(EXERCISE, spans, measures, 1.0)
    assert not looks_like(EXERCISE, spans, measures, 0.5)


def test_what_counts_where_less_is_asked_for_refuses_no_full_repetition() -> None:
    spans, measures = clip(0.1, 0.01)
    assert refused(spans, measures, [None, None]) == ["other_movement"] * 2
    assert refused(spans, measures, [None, None], sizes=(1.0, 0.5)) == [None] * 2


def test_a_range_is_told_by_half_of_the_frames_at_least() -> None:
    values = [0.0, 1.0, *[float("nan")] * 6]
    assert np.isnan(measured(MOVES, np.array(values), 0, 4, 7))
    assert measured(MOVES, np.array([*values[:2], 0.5, 0.2, 0.7, *values[5:]]), 0, 4, 7) == 1.0


def test_conditions_are_asked_of_what_counts_otherwise() -> None:
    """What was refused for its size or its tempo says nothing of the movement."""
    spans, measures = clip(0.1, 0.01, 0.01)
    assert refused(spans, measures, [None, None, None]) == ["other_movement"] * 3
    found = refused(spans, measures, [None, "too_shallow", "other_movement"])
    assert found == [None, "too_shallow", "other_movement"]
