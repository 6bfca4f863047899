"""The pose log of two squats, and a film to go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clip() -> Path:
    """A synthetic athlete's squats."""
    return ROOT / "tests" / "clips" / "squat_5.mp4"
