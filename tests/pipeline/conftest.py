"""Pose logs of the athlete that stands beside these tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = str(Path(__file__).resolve().parent.parent)
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

from athlete.perform import Script, perform, split  # noqa: E402

from worker.contract.pose_log import END  # noqa: E402
from worker.contract.poses import encode_chunk, encode_head  # noqa: E402


@pytest.fixture(scope="session")
def squats() -> list[bytes]:
    """A complete pose log: two squats in three chunks."""
    head, chunk = perform(Script(move="squat", depths=(1.0, 1.0), fps=20.0))
    return [encode_head(head), *map(encode_chunk, split(chunk, [50, 50])), END]
