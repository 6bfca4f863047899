"""A job as those see it who run the system: one trace over all processes, logs, and metrics."""

from __future__ import annotations

import http.server
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.conftest import Running, StartWorker, api_process, finished, submit
from worker.embedded.processes import free_port
from worker.media.probing.ffmpeg_tools import find_tools
from worker.observability.metrics import served_by
from worker.storage.stores import Stores

SENT = "ab" * 16
PARENT = f"00-{SENT}-{'cd' * 8}-01"
pytestmark = pytest.mark.models


class Collector(http.server.ThreadingHTTPServer):
    """Takes spans over OTLP at /v1/traces, and webhooks anywhere else."""

    daemon_threads = True

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        self.hooks: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def names(self) -> set[str]:
        return {span.name for _, span in self.spans}


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            for one in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {a.key: a.value.string_value for a in one.resource.attributes}
                service = names["service.name"]
                spans = [span for scope in one.scope_spans for span in scope.spans]
                self.server.spans += [(service, span) for span in spans]
        else:
            self.server.hooks.append({k.lower(): v for k, v in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that every process started from now on sends its spans to."""
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("POSEQUEUE_OTLP_ENDPOINT", server.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    yield server
    server.shutdown()
    server.server_close()


def until(true: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def scraped(port: int) -> dict[tuple[str, ...], float]:
    """Values by name and labels' values."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Every line of a log, which is JSON whoever said it."""
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture
def traced(collector: Collector, stores: Stores, tmp_path: Path) -> Iterator[Running]:
    """An API of its own: it starts with the collector's address."""
    with api_process(tmp_path / "api.log") as url:
        yield Running(url, stores)


def test_a_job_is_followed_everywhere(
    collector: Collector, traced: Running, start_worker: StartWorker, walking: Path, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    worker = start_worker(POSEQUEUE_METRICS_PORT=str(ports[0]))
    start_worker("webhooks", POSEQUEUE_METRICS_PORT=str(ports[1]))
    client = traced.client()
    client.headers["traceparent"] = PARENT
    hook = {"url": f"{collector.url}/hook", "events": ["job.succeeded"]}
    options = {"exercise": "squat", "export": True}
    clip = tmp_path / "brief.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-i", walking, "-t", "1", "-r", "10", clip]
    subprocess.run(command, check=True)
    job = submit(client, clip, "video/mp4", options=options, webhook=hook)
    assert finished(client, job["id"])["status"] == "succeeded"
    assert "trace" not in client.get(f"/jobs/{job['id']}").json()

    # one trace: the caller's, over API, worker and webhooks
    wanted = {"api.create_job", "job.made", "job.waited", "job.analyse", "job.export",
              "webhook.sent"}  # fmt: skip
    until(lambda: wanted <= collector.names, "the spans")
    spans = {span.name: span for _, span in collector.spans}
    assert {span.trace_id.hex() for span in spans.values()} == {SENT}
    assert {name for name, _ in collector.spans} == {
        "posequeue-api", "posequeue-worker", "posequeue-webhooks"
    }  # fmt: skip
    made = spans["job.made"].span_id
    assert spans["api.create_job"].parent_span_id.hex() == "cd" * 8
    assert made
    assert {spans[name].parent_span_id for name in wanted - {"api.create_job", "job.made"}} == {
        made
    }
    told = {a.key: a.value for a in spans["job.analyse"].attributes}
    assert told["posequeue.job"].string_value == job["id"]
    assert told["posequeue.infer_s"].double_value > 0
    assert collector.hooks[0]["traceparent"].split("-")[1] == SENT

    # every line of every log is JSON, and those about the job name it
    logs = {name: lines_of(tmp_path / f"{name}.log") for name in ("api", "worker-0", "worker-1")}
    about = [line for lines in logs.values() for line in lines if line.get("job") == job["id"]]
    assert {"job_queued", "job_stage_done"} <= {line["event"] for line in about}
    for line in about:
        if line["event"] in {"job_queued", "job_stage_done"}:
            assert (line["tenant"], line["trace"]) == ("acme", SENT)
            assert line["attempt"] == {"job_queued": 0}.get(line["event"], line["attempt"])

    # the children's counts, told by their parent
    found = scraped(ports[0])
    frames = client.get(f"/jobs/{job['id']}").json()["result"]["frames"]
    assert found["posequeue_frames_total",] == frames
    stages = {labels[1] for labels in found if labels[0] == "posequeue_stage_seconds_count"}
    assert stages == {"wait", "fetch", "decode", "infer", "motion", "publish", "export"}
    assert found["posequeue_jobs_finished_total", "succeeded"] == 1
    assert found["posequeue_redis_seconds_count",] > 10
    assert found["posequeue_s3_seconds_count", "PutObject"] >= 1
    assert scraped(ports[1])["posequeue_webhook_attempts_total", "delivered"] == 1
    names = {one.name for one in served_by("worker") if not one.labels}
    assert names <= {labels[0].removesuffix("_total").removesuffix("_count") for labels in found}

    # nothing is left of a worker that ends in good order
    folder = Path(tempfile.gettempdir()) / f"posequeue-metrics-{worker.pid}"
    assert folder.is_dir()
    worker.stop()
    assert not folder.exists()


def test_without_an_endpoint_nothing_is_traced(stores: Stores) -> None:
    from worker.observability import tracing

    with tracing.span("anything", PARENT) as own:
        assert own == PARENT  # passed on as it came
    assert not tracing.tracing()
    tracing.note_incoming("00-" + "0" * 32 + "-" + "1" * 16 + "-01")
    assert tracing.incoming() is None
