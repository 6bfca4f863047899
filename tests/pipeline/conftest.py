"""Pose logs of the athlete that stands beside these tests."""

from __future__ import annotations

import pytest

from tests.synthetic.perform import Script, perform, split
from worker.contract.pose_log import END
from worker.contract.poses import encode_chunk, encode_head


@pytest.fixture(scope="session")
def squats() -> list[bytes]:
    """A complete pose log: two squats in three chunks."""
    head, chunk = perform(Script(move="squat", depths=(1.0, 1.0), fps=20.0))
    return [encode_head(head), *map(encode_chunk, split(chunk, [50, 50])), END]
