"""Values are heard where somebody listens, and become series."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.sandbox.child_process import ChildLimits, run
from worker.observability import metrics as m
from worker.observability.prometheus import GpuCollector, PrometheusRecorder
from worker.settings import Settings
from worker.storage.errors import StoreUnavailable
from worker.storage.objects.s3 import ObjectStore

Heard = list[tuple[str, float, tuple[str, ...]]]


def hear(heard: Heard) -> m.Listener:
    return lambda measure, value, labels: heard.append((measure.name, value, labels))


def test_only_while_somebody_listens() -> None:
    heard: Heard = []
    m.record(m.LEASES_LOST)
    with m.listening(hear(heard)):
        m.record(m.LEASES_LOST)
        with pytest.raises(ValueError, match="x"), m.timed(m.STAGE_SECONDS, "infer"):
            raise ValueError("x")
        assert list(m.timed_each([1, 2], m.STAGE_SECONDS, "decode")) == [1, 2]
    m.record(m.LEASES_LOST)
    assert [(name, labels) for name, _, labels in heard] == [
        ("posequeue_leases_lost", ()),
        ("posequeue_stage_seconds", ("infer",)),
        *[("posequeue_stage_seconds", ("decode",))] * 3,  # the end is waited for too
    ]


def test_series() -> None:
    registry = CollectorRegistry()
    meters = PrometheusRecorder(m.served_by("worker"), registry)
    meters(m.FRAMES, 60, ())
    meters(m.STAGE_SECONDS, 0.2, ("infer",))
    meters(m.HTTP_REQUESTS, 1, ("GET", "/", "200"))  # the API's, not a worker's
    text = generate_latest(registry).decode()
    assert "posequeue_frames_total 60.0" in text
    assert 'posequeue_stage_seconds_bucket{le="0.25",stage="infer"} 1.0' in text
    assert "posequeue_http" not in text
    assert "posequeue_webhook_attempts" in text


def test_gpus() -> None:
    library = SimpleNamespace(
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=40),
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=3, free=5),
    )
    use, memory = GpuCollector(lambda: library).collect()
    assert [(one.labels, one.value) for one in use.samples] == [({"gpu": "0"}, 0.4)]
    assert {one.labels["state"]: one.value for one in memory.samples} == {"used": 3, "free": 5}
    assert list(GpuCollector(lambda: None).collect()) == []


def test_a_child_that_fails(tmp_path: Path) -> None:
    heard: Heard = []
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no video" * 100)
    with m.listening(hear(heard)):
        command = [str(find_tools().ffprobe), "-v", "error", "-i", "fd:"]
        assert run(command, junk, ChildLimits())[0] != 0
    assert heard == [("posequeue_child_failures", 1, ("ffprobe", "error"))]


def test_calls_of_a_store(servers: Settings) -> None:
    heard: Heard = []
    with m.listening(hear(heard)):
        ObjectStore(servers).put("measured", b"x", "text/plain")
        nowhere = servers.model_copy(update={"s3_endpoint": "http://127.0.0.1:1"})
        with pytest.raises(StoreUnavailable):
            ObjectStore(nowhere).put("measured", b"x", "text/plain")
    names = [(name, labels) for name, _, labels in heard]
    assert names == [
        ("posequeue_s3_seconds", ("PutObject",)),
        ("posequeue_s3_failures", ("PutObject",)),
    ]
