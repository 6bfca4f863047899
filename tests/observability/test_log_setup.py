"""No log holds a key, a secret or a presigned signature."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
import uvicorn

from tests.integration.conftest import StartWorker, finished, start_worker  # noqa: F401
from worker.contract.plans import Plan
from worker.embedded.processes import Process, free_port
from worker.observability import log_setup
from worker.settings import Settings
from worker.storage.stores import Stores

KEY = "pq_" + "k" * 43
SIGNED = (
    "https://s3.example/b/uploads/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEX%2F"
    "2026&X-Amz-Date=20260101T000000Z&X-Amz-Signature=5f00baa5&x-id=PutObject"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"asked with {KEY}.", "asked with pq_***."),
        ("pq_page_abcdefgh12345", "pq_page_***"),
        (f"{{'Authorization': 'Bearer {KEY}'}}", "{'Authorization': 'Bearer ***'}"),
        ("Bearer other-kind", "Bearer ***"),
        ("whsec_AbCd+/12345=", "whsec_***"),
        ("GET /pose_tracker/upload_tracking?token=abc&exercise=squat",
         "GET /pose_tracker/upload_tracking?token=***&exercise=squat"),
        ("redis://me:hunter22@cache:6379/0", "redis://***@cache:6379/0"),
        ("http://media.example/a.mp4 pq_x", "http://media.example/…(6) pq_x"),
        ("to https://hooks.example/services/T0/B1?sig=a&x=1.", "to https://hooks.example/…(26)"),
        ("http://media.example:8080/ http://s3", "http://media.example:8080/ http://s3"),
        ("/a?sig=1&api_key=2&password=3&q=4", "/a?sig=***&api_key=***&password=***&q=4"),
    ],
)  # fmt: skip
def test_what_is_masked(text: str, shown: str) -> None:
    assert log_setup.mask(text) == shown


def test_of_an_address_its_origin_is_kept() -> None:
    shown = log_setup.mask(SIGNED)
    assert "5f00baa5" not in shown and "AKIDEX" not in shown
    assert shown == f"https://s3.example/…({len(SIGNED.removeprefix('https://s3.example'))})"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process logs through the mask; afterwards as before."""
    factory, before = logging.getLogRecordFactory(), structlog.get_config()
    monkeypatch.setattr(log_setup, "_known", set())
    log_setup.configure_logs("DEBUG", ["s3cret-of-the-house", None, "short"])
    yield
    logging.setLogRecordFactory(factory)
    structlog.configure(**before)


def test_events_and_tracebacks(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger()
    log.info("asked", url=SIGNED, header={"Authorization": f"Bearer {KEY}"}, short="short")
    password = "local-variable"
    try:
        raise ConnectionError(f"s3cret-of-the-house at {SIGNED}")
    except ConnectionError:
        log.exception("broken", error=KEY)
    said = capsys.readouterr().err
    assert "Traceback" in said and "ConnectionError" in said and "short" in said
    for secret in (KEY, "5f00baa5", "AKIDEX", "s3cret-of-the-house", f"'{password}'"):
        assert secret not in said


def test_records_of_the_standard_library(configured: None) -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    log = logging.getLogger("posequeue.test")
    log.propagate = False
    log.addHandler(handler)
    try:
        log.warning("with %s at %s and %d", KEY, {"url": SIGNED}, 7)
        log.warning("badly %d", KEY)
        try:
            raise ValueError(SIGNED)
        except ValueError:
            log.exception("s3cret-of-the-house")
    finally:
        log.removeHandler(handler)
    said = heard.getvalue()
    assert "and 7" in said and "Traceback" in said and "pq_***" in said
    for secret in (KEY, "5f00baa5", "s3cret-of-the-house"):
        assert secret not in said


def test_uvicorns_line_of_a_request(configured: None) -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(
        uvicorn.logging.AccessFormatter(
            '%(client_addr)s "%(request_line)s" %(status_code)s', use_colors=False
        )
    )
    log = logging.getLogger("uvicorn.test")
    log.propagate = False
    log.addHandler(handler)
    path = f"/pose_tracker/upload_tracking?token={KEY}"
    log.warning('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", path, "1.1", 200)
    log.removeHandler(handler)
    assert 'token=*** HTTP/1.1" 200' in heard.getvalue() and KEY not in heard.getvalue()


def test_a_running_system_logs_no_secret(
    stores: Stores,
    settings: Settings,
    start_worker: StartWorker,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The API and a worker at their most talkative; their logs are searched afterwards."""
    port = free_port()
    loud = {"POSEQUEUE_LOG_LEVEL": "DEBUG", "POSEQUEUE_ACCESS_LOG": "true"}
    api = Process([*_posequeue("api"), "--port", str(port)], tmp_path / "api.log", loud, grace_s=20)
    url = f"http://127.0.0.1:{port}"
    key = stores.keys.create("acme", Plan.DEVELOPER)
    with api:
        api.wait_until(lambda: _ready(url), 60, "the API")
        worker = start_worker("pose.cpu", **loud)
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=60) as client:
            token = client.post("/page-tokens", json={}).json()["token"]
            for given in (key, token):
                page = f"{url}/pose_tracker/upload_tracking?token={given}&exercise=squat"
                assert client.get(page).status_code == 200
            wanted = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 4}
            upload = client.post("/uploads", json=wanted).json()
            hook = client.post(
                "/webhooks", json={"url": f"{url}/nowhere", "events": ["job.failed"]}
            ).json()
            assert httpx.put(upload["url"], content=b"junk", headers=upload["headers"]).is_success
            inputs = ({"uploadId": upload["id"]}, {"url": f"{url}/gone.mp4?{SIGNED.split('?')[1]}"})
            for given in inputs:
                job = client.post("/jobs", json={"input": given}).json()
                assert finished(client, job["id"])["status"] == "failed"
        worker.stop()
    found = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert "upload_tracking?token=***" in found and "job_failed" in found
    assert settings.s3_secret_key is not None
    secrets = {
        "the key": key,
        "the page token": token,
        "the hook's secret": hook["secret"],
        "the store's secret": settings.s3_secret_key.get_secret_value(),
        "the upload's signature": upload["url"].partition("X-Amz-Signature=")[2].partition("&")[0],
        "the input's signature": "5f00baa5",
    }
    assert all(secrets.values())
    assert [name for name, secret in secrets.items() if secret in found] == []


def _posequeue(command: str) -> list[str]:
    import sys

    return [sys.executable, "-m", "worker.cli", command]


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
