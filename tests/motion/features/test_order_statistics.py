"""Cheap order statistics are those of numpy."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.motion.features.order_statistics import median, trailing_ranges
from worker.motion.jumps.signals import Rows

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 70), st.integers(0, 3), st.floats(0, 0.9))
def test_ranges_of_trailing_windows(seed: int, count: int, columns: int, lost: float) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(count, columns))
    values[random.random(count) < lost] = np.nan
    last = np.arange(count // 2, count)
    first = np.maximum(last - random.integers(0, 40, len(last)), 0)
    ranges, known = trailing_ranges(values, first, last)
    for row, (low, high) in enumerate(zip(first, last, strict=True)):
        window = values[low : high + 1]
        window = window[np.isfinite(window).all(axis=1)]
        assert known[row] == len(window)
        if len(window):
            assert ranges[row].tolist() == np.ptp(window, axis=0).tolist()


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 40))
def test_the_median(seed: int, count: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, 3))
    assert median(values).tolist() == np.median(values, axis=0).tolist()
    assert float(median(values[:, 0])) == float(np.median(values[:, 0]))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 120))
def test_the_usual_size(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    columns = {field.name: np.zeros(count) for field in fields(Rows)}
    columns["seconds"] = np.arange(count) / 30
    columns["size"], known = random.normal(size=count), random.random(count) < 0.7
    rows = Rows(**{**columns, "known": known})  # type: ignore[arg-type]
    recent = known & (rows.seconds > rows.seconds[-1] - 3)
    expected = float(np.percentile(rows.size[recent], 90)) if recent.any() else 0.0
    assert rows.usual_size(3.0) == expected
