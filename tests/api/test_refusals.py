"""What is refused: the status, the code, the field, and what would be allowed."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.api_play import Client, new_job, put_upload, refused
from worker.contract.plans import GATED, Plan
from worker.contract.webhooks import OF_A_JOB
from worker.storage.stores import Stores

URL = {"url": "http://media.example/a.mp4"}
JOB = {"input": URL}

ROUTES = [
    ("POST", "/uploads"),
    ("POST", "/uploads/upl_0/complete"),
    ("POST", "/jobs"),
    ("GET", "/jobs"),
    ("GET", "/jobs/job_0"),
    ("POST", "/jobs/job_0/cancel"),
    ("DELETE", "/jobs/job_0"),
    ("GET", "/jobs/job_0/messages"),
    ("GET", "/exercises"),
    ("GET", "/schema/messages.json"),
    ("GET", "/me"),
    ("GET", "/usage"),
    ("POST", "/batches"),
    ("GET", "/batches"),
    ("GET", "/batches/bat_0"),
    ("POST", "/batches/bat_0/cancel"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_wants_a_key(
    public: Client, client: Client, stores: Stores, method: str, path: str
) -> None:
    body = None if method == "GET" else JOB
    missing = public.request(method, f"/v1{path}", json=body)
    problem = refused(missing, 401, "missing_token")
    assert problem["detail"].startswith("Invalid params.")
    assert missing.headers["www-authenticate"] == "Bearer"
    for value in ("Bearer pq_wrong", "Bearer", "Basic dTpw"):
        answer = public.request(method, f"/v1{path}", json=body, headers={"Authorization": value})
        assert refused(answer, 401, answer.json()["code"])["detail"].startswith("Invalid params.")
        assert "pq_wrong" not in answer.text
        code = "invalid_token" if "wrong" in value else "missing_token"
        assert answer.json()["code"] == code
    stores.keys.revoke(client.get("/me").json()["keyId"])
    refused(client.request(method, path, json=body), 401, "invalid_token")


@pytest.mark.parametrize(
    ("body", "parameter", "allowed"),
    [
        ({}, "input", "required"),
        ({"input": {}}, "input", "exactly one of uploadId and url"),
        ({"input": {"uploadId": "u", **URL}}, "input", "exactly one of uploadId and url"),
        ({"input": {**URL, "key": "x"}}, "input.key", ["uploadId", "url"]),
        ({"input": {"url": "file:///etc/passwd"}}, "input.url", "an http or https address"),
        ({"input": {"url": "http://[bad"}}, "input.url", None),
        ({"input": {"url": "http://u:p@media.example/"}}, "input.url", None),
        ({"input": {"url": "http://media.example/a\nb"}}, "input.url", None),
        ({**JOB, "priority": "urgent"}, "priority", ["low", "normal", "high"]),
        ({**JOB, "deadlineSeconds": 0}, "deadlineSeconds", "greater than or equal to 1"),
        ({**JOB, "deadlineSeconds": True}, "deadlineSeconds", None),
        ({**JOB, "deadlineSeconds": 30.5}, "deadlineSeconds", None),
        ({**JOB, "deadlineSeconds": "30"}, "deadlineSeconds", None),
        ({**JOB, "metadata": {"a": "x" * 20_000}}, "metadata", "at most 16384 bytes of JSON"),
        ({**JOB, "metadata": []}, "metadata", None),
        (
            {**JOB, "callback": {"url": "https://a.example"}},
            "callback",
            ["deadlineSeconds", "input", "metadata", "options", "priority", "retention", "webhook"],
        ),
        ({**JOB, "webhook": {"url": "ftp://a.example"}}, "webhook.url", None),
        (
            {**JOB, "webhook": {"url": "https://a.example", "events": ["batch.completed"]}},
            "webhook.events",
            list(OF_A_JOB),
        ),
        ({**JOB, "options": {"keypoint": True}}, "keypoint", None),
        ({**JOB, "options": {"keypoints": "yes"}}, "keypoints", ["true", "false"]),
        ({**JOB, "options": {"minGrade": "E"}}, "minGrade", ["A", "B", "C", "D"]),
        ({**JOB, "options": {"exercise": "squat", "reference": "r"}}, "reference", None),
        ({**JOB, "options": {"reference": "\ud800"}}, "body", "valid Unicode"),
    ],
)
def test_a_job_with_a_wrong_field(
    client: Client, body: dict[str, Any], parameter: str, allowed: Any
) -> None:
    # ASCII, as httpx refuses to send half of a surrogate pair itself
    headers = {"Content-Type": "application/json"}
    answer = client.post("/jobs", content=json.dumps(body), headers=headers)
    problem = refused(answer, 422, "invalid_parameter")
    assert problem["details"]["parameter"] == parameter
    assert problem["details"]["allowed"]
    if allowed is not None:
        assert problem["details"]["allowed"] == allowed
    assert client.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    ("path", "parameter", "allowed"),
    [
        ("/jobs?state=queued", "state", ["batch", "cursor", "limit", "status"]),
        ("/jobs?limit=0", "limit", "greater than or equal to 1"),
        ("/jobs?status=done", "status", None),
        ("/jobs?cursor=%C3%A9", "cursor", "`next` of the page before"),
        ("/jobs?cursor=bm9wZQ", "cursor", "`next` of the page before"),
        ("/jobs/{}?x=1", "x", []),
        ("/jobs/{}/messages?after=one", "after", "an entry id such as 12-1"),
        ("/jobs/{}/messages?after=99999999999999999999-1", "after", "an entry id such as 12-1"),
        ("/jobs/{}/messages?after=1-", "after", "an entry id such as 12-1"),
        ("/jobs/{}/messages?after=%E0%A5%A7-1", "after", "an entry id such as 12-1"),
        ("/jobs/{}/messages?limit=1001", "limit", "less than or equal to 1000"),
        ("/jobs/{}/messages?types=counter,nothing", "types", None),
        ("/jobs/{}/messages?edition=v2", "edition", ["v3", "classic", "superset"]),
        ("/schema/messages.json?edition=v9", "edition", ["v3", "classic", "superset"]),
        ("/schema/messages.json?version=1", "version", ["edition"]),
        ("/exercises?lang=en", "lang", []),
        ("/me?x", "x", []),
    ],
)
def test_a_wrong_parameter(client: Client, path: str, parameter: str, allowed: Any) -> None:
    job_id = new_job(client)["id"]
    problem = refused(client.get(path.format(job_id)), 422, "invalid_parameter")
    assert problem["details"]["parameter"] == parameter
    if allowed is not None:
        assert problem["details"]["allowed"] == allowed


def test_wrong_headers_and_queries_of_a_new_job(client: Client) -> None:
    for path, headers, parameter in (
        ("/jobs?wait=61", {}, "wait"),
        ("/jobs?await=1", {}, "await"),
        ("/jobs", {"Idempotency-Key": "x" * 256}, "Idempotency-Key"),
    ):
        problem = refused(client.post(path, json=JOB, headers=headers), 422, "invalid_parameter")
        assert problem["details"]["parameter"] == parameter
    job_id = client.post("/jobs", json=JOB).json()["id"]
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "x"}
    answer = client.get(f"/jobs/{job_id}/messages", headers=headers)
    assert refused(answer, 422, "invalid_parameter")["details"]["parameter"] == "Last-Event-ID"


def test_the_contract_s_own_refusals(connect: Callable[..., Client]) -> None:
    free, paid = connect("small", Plan.FREE), connect("large")
    body = {**JOB, "options": {"exercise": "squat", **dict.fromkeys(GATED, True)}}
    problem = refused(free.post("/jobs", json=body), 403, "developer_features_not_allowed")
    assert problem["details"] == {"blocked": list(GATED)}
    assert problem["detail"].startswith("You cannot use developer features.")
    assert paid.post("/jobs", json=body).status_code == 202
    harmless = {**JOB, "options": {"exercise": "squat", "keypoints": False}}
    assert free.post("/jobs", json=harmless).status_code == 202

    problem = refused(
        paid.post("/jobs", json={**JOB, "options": {"exercise": "moonwalk"}}),
        422,
        "invalid_exercise",
    )
    assert problem["detail"] == "Exercise 'moonwalk' is not available"
    assert problem["details"] == {"exercise": "moonwalk"}

    jump = {**JOB, "options": {"exercise": "jump_analysis"}}
    problem = refused(paid.post("/jobs", json=jump), 422, "jump_analysis_missing_height")
    assert (
        problem["detail"]
        == "User height (userHeightCm) must be provided for jump_analysis exercise"
    )
    both = {**JOB, "options": {"exercise": "squat", "reference": "ref_1"}}
    problem = refused(paid.post("/jobs", json=both), 422, "invalid_parameter")
    assert problem["detail"] == "You cannot combine reference & exercise."


def test_an_upload_that_is_not_there(client: Client) -> None:
    refused(client.post("/jobs", json={"input": {"uploadId": "upl_0"}}), 404, "not_found")
    body = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 3}
    upload = client.post("/uploads", json=body).json()
    answer = client.post("/jobs", json={"input": {"uploadId": upload["id"]}})
    assert "upload not finished" in refused(answer, 409, "conflict")["detail"]


def test_what_is_not_json(client: Client) -> None:
    json_type = {"Content-Type": "application/json"}
    for body in (b"{", b"", b"\xff", b"[" * 100_000):
        answer = client.post("/jobs", content=body, headers=json_type)
        refused(answer, answer.status_code, "invalid_parameter")
        assert answer.status_code in (400, 422)
    deep = b'{"input":{"url":"http://a.example/"},"metadata":{"a":%s1%s}}' % (
        b"[" * 900,
        b"]" * 900,
    )
    answer = client.post("/jobs", content=deep, headers=json_type)
    assert answer.status_code in (202, 422), answer.text
    huge = b'{"input":{"url":"http://a.example/"},"metadata":{"a":%s}}' % (b"9" * 400)
    answer = client.post("/jobs", content=huge, headers=json_type)
    assert answer.status_code in (202, 422), answer.text
    good = b'{"input":{"url":"http://a.example/"}}'
    for kind in ("text/plain;charset=UTF-8", "application/x-www-form-urlencoded", ""):
        answer = client.post("/jobs", content=good, headers={"Content-Type": kind})
        problem = refused(answer, 422, "invalid_parameter")
        assert problem["details"] == {"parameter": "Content-Type", "allowed": "application/json"}
    packed = client.post(
        "/jobs", content=gzip.compress(good), headers={**json_type, "Content-Encoding": "gzip"}
    )
    assert "Content-Encoding 'gzip'" in refused(packed, 415, "invalid_parameter")["detail"]
    assert packed.headers["accept-encoding"] == "identity"
    marked = client.post("/jobs", content=codecs.BOM_UTF8 + good, headers=json_type)
    assert marked.status_code == 202, marked.text
    # where no body is asked for none is looked at
    path = f"/jobs/{marked.json()['id']}/cancel"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post(path, content=b"x", headers=form).status_code in (200, 202)


def test_what_http_refuses(client: Client, public: Client) -> None:
    refused(client.get("/nothing"), 404, "not_found")
    refused(public.get("/nothing"), 404, "not_found")
    answer = client.put("/jobs", json={})
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]
    refused(client.post("/jobs", content=b"x" * 1_048_577), 413, "payload_too_large")

    def unannounced() -> Any:
        for _ in range(40):
            yield b" " * 32_768

    try:
        chunked = client.post("/jobs", content=unannounced())
    except httpx.TransportError:
        pytest.fail("the server closed before it answered")
    refused(chunked, 413, "payload_too_large")


def test_an_upload_with_a_wrong_field(client: Client, stores: Stores) -> None:
    good = {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 3}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"contentType": "text/html"}, "contentType"),
        ({"contentType": "video/mp4\r\nX: y"}, "contentType"),
        ({"bytes": 0}, "bytes"),
        ({"bytes": "3"}, "bytes"),
        ({"bytes": True}, "bytes"),
        ({"filename": ""}, "filename"),
        ({"filename": "a\x00b"}, "filename"),
        ({"size": 3}, "size"),
    ]
    for change, parameter in wrong:
        problem = refused(client.post("/uploads", json=good | change), 422, "invalid_parameter")
        assert problem["details"]["parameter"] == parameter and problem["details"]["allowed"]
    most = stores.settings.max_upload_bytes
    problem = refused(
        client.post("/uploads", json=good | {"bytes": most + 1}), 413, "media_too_large"
    )
    assert problem["details"] == {"parameter": "bytes", "allowed": f"1 to {most}"}
    upload = put_upload(client)
    refused(client.post(f"/uploads/{upload}/complete", json={"parts": []}), 409, "conflict")
