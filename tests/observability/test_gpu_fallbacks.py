"""Fallbacks are counted each time, and a log is not filled with them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from worker.observability import gpu_fallbacks
from worker.observability.gpu_fallbacks import MOST_TOLD, record_fallback
from worker.observability.metrics import listening


def test_each_is_counted_and_few_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_fallbacks, "_told", set())
    counted: list[tuple[str, ...]] = []
    with listening(lambda _measure, _value, labels: counted.append(labels)), capture_logs() as said:
        for number in range(3 * MOST_TOLD):
            record_fallback("decode", "software", f"reason {number // 2}", codec="h264")
    assert counted == [("decode", "software")] * (3 * MOST_TOLD)
    assert [one["reason"] for one in said] == [f"reason {n}" for n in range(MOST_TOLD)]
    assert {(one["event"], one["codec"]) for one in said} == {("gpu_fallback", "h264")}
