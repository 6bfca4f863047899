"""Garbage collector settings: a job creates millions of plain values and hardly any cycle."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 50)
"""Arguments of `gc.set_threshold`; the first is 700 by default.

The values of a step are freed by reference counting; searching them for cycles took a quarter of
the time of an analysis with keypoints and angles.
"""


def tune_gc() -> None:
    """Excludes the objects that exist now from collection, and makes collections rarer."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
