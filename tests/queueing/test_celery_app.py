"""The Celery application's settings, where Celery's own would harm."""

from __future__ import annotations

import pytest

from worker.queueing import celery_app as module
from worker.settings import Settings

CELERYS = 4.0


@pytest.mark.parametrize(
    ("provider", "least_s"), [("auto", 120), ("cuda", 120), ("tensorrt", 1800)]
)
def test_a_process_has_time_to_load_its_models(
    provider: str, least_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery kills a process that follows on a dead one and is not up within 4 seconds, and the
    next one after it; a GPU's libraries alone take longer, and TensorRT builds for minutes."""
    monkeypatch.setattr(module, "settings", lambda: Settings(provider=provider))
    given = module._configuration()
    assert given["worker_proc_alive_timeout"] >= least_s > CELERYS
