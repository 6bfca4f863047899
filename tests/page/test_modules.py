"""The page's modules without a browser, in node's own test runner; one test here a file there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from api.client.media_types import BY_ENDING, OTHER_NAMES
from tests.page.node import OLDEST, find_node
from worker.contract.errors import ErrorCode
from worker.contract.exercises import CATALOGUE
from worker.contract.media import WarningCode
from worker.contract.message_parts import RefusalReason

UNIT = Path(__file__).resolve().parent / "unit"


@pytest.mark.parametrize("file", sorted(path.name for path in UNIT.glob("*.test.js")))
def test_module(file: str) -> None:
    node = find_node()
    if node is None:
        pytest.skip(f"no node {OLDEST} or newer here")
    told = {
        "CODES": ",".join(ErrorCode),
        "EXERCISES": ",".join(CATALOGUE),
        "WARNINGS": ",".join(get_args(WarningCode)),
        "REASONS": ",".join(get_args(RefusalReason)),
        "MEDIA_TYPES": json.dumps(BY_ENDING),
        "OTHER_NAMES": json.dumps(OTHER_NAMES),
    }
    ran = subprocess.run(
        [node, "--no-warnings", "--test", str(UNIT / file)],
        capture_output=True,
        text=True,
        env={**os.environ, **told},
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
