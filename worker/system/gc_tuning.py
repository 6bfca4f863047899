"""The garbage collector at leisure: a job makes plain values by the million and hardly a cycle."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 50)
"""New containers before a collection (Python's own: 700), and collections of a generation before
one of the next. The values of a step die by their reference counts; to look for cycles among them
took a quarter of an analysis with keypoints and angles."""


def tune_gc() -> None:
    """Takes what was imported out of the collector's sight, and has it look more rarely."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
