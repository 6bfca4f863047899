"""What is outside /v1, and the catalogue."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from api.routes import jobs
from api.server import make_server, serve
from tests.api.api_play import S3, Actor, Client, new_job, plain_client, put_upload, refused
from worker.contract.exercises import ALIASES, CATALOGUE
from worker.contract.messages import TYPES
from worker.contract.plans import GATED
from worker.settings import Settings
from worker.storage.stores import Stores


def test_live_and_ready(public: Client) -> None:
    assert public.get("/healthz").json() == {"status": "ok"}
    answer = public.get("/readyz")
    assert answer.status_code == 200
    ready = {"status": "ready", "checks": {"redis": "ok", "s3": "ok"}}
    without = ["pose.cpu", "pose.gpu", "export", "maintenance", "webhooks"]
    workers = {"alive": 0, "resting": [], "queuesWithout": without}
    assert answer.json() == {**ready, "workers": workers}


def test_workers_that_take_no_jobs_are_named(public: Client, stores: Stores) -> None:
    """Jobs are accepted and wait, so the API is ready all the same."""
    stores.workers.beat("host:1", "cpu", ("pose.cpu",), 1)
    stores.workers.beat("host:2", "cpu", ("maintenance",), 1, "disk")
    answer = public.get("/readyz")
    assert answer.status_code == 200
    resting = [{"name": "host:2", "fault": "disk"}]
    told = {"alive": 2, "resting": resting, "queuesWithout": ["export", "webhooks"]}
    assert answer.json()["workers"] == told
    text = public.get("/metrics").text
    assert 'posequeue_workers_resting{fault="disk"} 1.0' in text
    assert 'posequeue_workers_resting{fault="models"} 0.0' in text


@pytest.fixture(params=["redis", "s3"])
def half_dead(request: pytest.FixtureRequest, settings: Settings) -> Iterator[tuple[str, str]]:
    """A server one of whose stores is not there, and which."""
    nowhere = "127.0.0.1:1"
    change: dict[str, object] = {"api_port": 0}
    if request.param == "redis":
        change["redis_url"] = SecretStr(f"redis://{nowhere}/0")
    else:
        change["s3_endpoint"] = f"http://{nowhere}"
    server = make_server(settings.model_copy(update=change))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    host, port = server.servers[0].sockets[0].getsockname()
    yield request.param, f"http://{host}:{port}"
    server.should_exit = True
    thread.join(10)


def test_what_does_not_answer(half_dead: tuple[str, str], client: Client) -> None:
    dead, address = half_dead
    with plain_client(base_url=address, headers=client.headers) as here:
        assert here.get("/healthz").status_code == 200
        answer = here.get("/readyz")
        assert answer.status_code == 503
        checks = answer.json()["checks"]
        assert checks == {"redis": "ok", "s3": "ok"} | {dead: "no answer"}
        assert here.get("/metrics").status_code == 200
        if dead == "redis":
            refusal = here.get("/v1/me")
        else:
            body = {"input": {"uploadId": put_upload(client)}, "options": {"exercise": "squat"}}
            refusal = here.post("/v1/jobs", json=body)
        assert refusal.status_code == 503 and refusal.json()["code"] == "unavailable"
        assert refusal.headers["retry-after"] == "5"
        assert "127.0.0.1" not in refusal.text


def test_a_redis_that_refuses_writes_is_a_refusal(
    client: Client, public: Client, stores: Stores
) -> None:
    """`NOREPLICAS`, as of a primary that has lost its replicas."""
    upload = put_upload(client)
    stores.redis.config_set("min-replicas-to-write", 1)
    try:
        for path, body in {
            "/jobs": {"input": {"uploadId": upload}},
            "/uploads": {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 5},
        }.items():
            answer = client.post(path, json=body)
            refused(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "5"
        answer = public.get("/readyz")
        assert answer.status_code == 503 and answer.json()["checks"]["redis"] != "ok"
    finally:
        stores.redis.config_set("min-replicas-to-write", 0)
    assert client.post("/jobs", json={"input": {"uploadId": upload}}).status_code == 202


def test_metrics(client: Client, public: Client, stores: Stores) -> None:
    def value(line: str) -> float:
        rows = dict(row.rsplit(" ", 1) for row in public.get("/metrics").text.splitlines())
        return float(rows.get(line, 0))

    read = 'posequeue_http_requests_total{method="GET",route="/v1/jobs/{job_id}",status="200"}'
    lost = 'posequeue_http_requests_total{method="GET",route="/v1/jobs/{job_id}",status="404"}'
    before = value(read), value(lost)
    job_id = new_job(client)["id"]
    Actor(stores, new_job(client)["id"])
    client.get(f"/jobs/{job_id}")
    client.get("/jobs/job_0")
    assert (value(read), value(lost)) == (before[0] + 1, before[1] + 1)
    assert value('posequeue_jobs{state="queued"}') == 1
    assert value('posequeue_jobs{state="running"}') == 1
    assert value('posequeue_workers{kind="cpu"}') == 0
    stores.workers.beat("w1", "cpu", ("pose.cpu",), 1)
    assert value('posequeue_workers{kind="cpu"}') == 1
    timed = 'posequeue_http_response_seconds_count{method="GET",route="/v1/jobs/{job_id}"}'
    assert value(timed) >= 2
    public.get(f"/v1/nowhere/{job_id}")
    assert job_id not in public.get("/metrics").text


def test_what_nobody_foresaw(
    client: Client, public: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(jobs, "job_view", broken)
    body = {"input": {"url": "http://media.example/a.mp4"}}
    answer = client.post("/jobs", json=body)
    problem = refused(answer, 500, "internal")
    assert "secret" not in answer.text and problem["title"] == "Internal Server Error"
    counted = 'posequeue_http_requests_total{method="POST",route="/v1/jobs",status="500"} 1.0'
    assert counted in public.get("/metrics").text


def test_the_documentation_fetches_nothing_from_elsewhere(public: Client) -> None:
    page, script = public.get("/docs"), public.get("/docs/page.js")
    assert page.status_code == script.status_code == 200
    assert "http://" not in page.text + script.text and "https://" not in page.text + script.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert script.headers["content-type"].startswith("text/javascript")
    document = public.get("/openapi.json").json()
    paths = {f"{m.upper()} {p}" for p, methods in document["paths"].items() for m in methods}
    assert {
        "POST /v1/uploads",
        "POST /v1/uploads/{upload_id}/complete",
        "POST /v1/jobs",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "DELETE /v1/jobs/{job_id}",
        "POST /v1/jobs/{job_id}/cancel",
        "GET /v1/jobs/{job_id}/messages",
        "POST /v1/jobs/{job_id}/analyze",
        "GET /v1/references",
        "POST /v1/references",
        "GET /v1/references/{reference_id}",
        "DELETE /v1/references/{reference_id}",
        "GET /v1/webhooks",
        "POST /v1/webhooks",
        "GET /v1/webhooks/{webhook_id}",
        "PATCH /v1/webhooks/{webhook_id}",
        "DELETE /v1/webhooks/{webhook_id}",
        "POST /v1/webhooks/{webhook_id}/test",
        "POST /v1/webhooks/{webhook_id}/rotate",
        "GET /v1/webhooks/{webhook_id}/deliveries",
        "POST /v1/webhooks/{webhook_id}/replay",
        "GET /v1/exercises",
        "GET /v1/schema/messages.json",
        "GET /v1/me",
        "POST /v1/batches/{batch_id}/cancel",
        "GET /v1/batches/{batch_id}",
        "GET /v1/batches",
        "POST /v1/batches",
        "GET /v1/usage",
        "POST /v1/page-tokens",
        "GET /healthz",
        "GET /readyz",
    } == paths
    content = document["paths"]["/v1/jobs/{job_id}/messages"]["get"]["responses"]["200"]["content"]
    shown = content["application/json"]["example"]["messages"]
    assert {item["message"]["type"] for item in shown} == set(TYPES)


def test_catalogue_and_me(client: Client, stores: Stores) -> None:
    exercises = client.get("/exercises").json()["exercises"]
    assert [entry["id"] for entry in exercises] == list(CATALOGUE)
    assert {alias for entry in exercises for alias in entry["aliases"]} == set(ALIASES)
    me = client.get("/me").json()
    assert me["tenant"] == "acme" and me["plan"] == "developer" and me["blocked"] == []
    assert me["limits"]["uploadBytes"] == stores.settings.max_upload_bytes
    assert not set(GATED) & set(me["blocked"])


def test_browsers_may_call(client: Client) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        # and whatever a library of the site adds to its requests
        "Access-Control-Request-Headers": "authorization,idempotency-key,sentry-trace,x-their-own",
    }
    answer = client.options("/jobs", headers=asked)
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "*"
    answer = client.get("/jobs/job_0", headers={"Origin": "https://app.example"})
    assert answer.status_code == 404 and answer.headers["access-control-allow-origin"] == "*"
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 3}
    url = client.post("/uploads", json=body).json()["url"]
    asked |= {"Access-Control-Request-Method": "PUT"}
    asked["Access-Control-Request-Headers"] = "content-type"
    preflight = S3.options(url, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] in ("*", "https://app.example")


def test_a_head_is_a_get_without_its_body(client: Client, public: Client, stores: Stores) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
        found = public.head(path)
        assert (found.status_code, found.content) == (200, b""), path
    got, found = client.get("/exercises"), client.head("/exercises")
    assert (found.status_code, found.content) == (200, b"")
    assert found.headers["content-length"] == got.headers["content-length"]
    assert public.head("/v1/me").status_code == 401
    assert client.head("/jobs/job_0").status_code == 404
    # a stream ends behind its headers
    job = client.post("/jobs", json={"input": {"url": "http://media.example/a.mp4"}}).json()["id"]
    stream = {"Accept": "text/event-stream"}
    assert client.head(f"/jobs/{job}/messages", headers=stream).status_code == 200
    assert public.post("/metrics").headers["allow"] == "GET, HEAD"


def test_a_slash_at_the_end_leads_nowhere_else(client: Client, public: Client) -> None:
    made = client.post("/jobs/", json={"input": {"url": "http://media.example/a.mp4"}})
    assert made.status_code == 202
    assert client.get(f"/jobs/{made.json()['id']}/").status_code == 200
    answer = public.get("/pose_tracker/upload_tracking/?token=x&a=b%2F", follow_redirects=False)
    # relative: the proxy in front knows the scheme, this server may not
    assert answer.headers["location"] == "../upload_tracking?token=x&a=b%2F"
    for path in ("//", "/v1/", "/nothing/", "//elsewhere.example/", "/%2Felsewhere.example//"):
        assert public.get(path, follow_redirects=False).status_code in (200, 404), path
    for name in ("%E6%BC%A2", "x%0D%0ASet-Cookie%3A%20a%3Db", "%EF%BF%BD", "%FF"):
        assert public.get(f"/{name}/", follow_redirects=False).status_code == 404
        assert client.get(f"/{name}/").status_code == 404


def test_it_serves_on_a_given_socket(settings: Settings, stores: Stores) -> None:
    sock = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(settings, sock), daemon=True)
    thread.start()
    host, port = sock.getsockname()
    assert S3.get(f"http://{host}:{port}/healthz").status_code == 200


def test_the_api_needs_nothing_of_a_workers_libraries() -> None:
    program = "import sys, api.app; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["numpy", "cv2", "onnxruntime", "PIL", "ffmpeg"]
    done = subprocess.run(
        [sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
