"""What a worker says of its models at its start."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from worker.pose.weights.registry import MODELS
from worker.runtime.model_loading import warn_of_outdated


def test_files_of_another_release_are_named(tmp_path: Path) -> None:
    with capture_logs() as nothing:
        warn_of_outdated(tmp_path)
    assert nothing == []
    name, spec = next(iter(MODELS.items()))
    (tmp_path / spec.file).write_bytes(b"the weights of last year")
    with capture_logs() as said:
        warn_of_outdated(tmp_path)
    assert [(row["event"], row["models"]) for row in said] == [("models_outdated", [name])]
