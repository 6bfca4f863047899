"""What is refused leaves nothing, and one wrong line harms no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.api.api_play import Client, plain_client, put_upload, refused
from tests.api.batch_play import URL
from worker.contract.plans import Plan, PlanLimits
from worker.contract.scopes import Scope
from worker.settings import Settings
from worker.storage import keys
from worker.storage.stores import Stores
from worker.submission.batches import expand_batch

HOOK = {"url": "https://example.com/hook", "events": ["job.succeeded"]}


def hooked(number: int) -> dict[str, Any]:
    return {**URL, "webhook": {**HOOK, "url": f"https://example.com/{number}"}}


def test_a_refused_batch_leaves_no_endpoints(client: Client, stores: Stores) -> None:
    body = {"jobs": [*map(hooked, range(20)), {"input": {"url": "ftp://x"}}]}
    refused(client.post("/batches", json=body), 422, "invalid_parameter")
    assert not stores.redis.keys("pq:hook:*")
    assert not stores.redis.exists(keys.tenant_hooks("acme"), keys.tenant_adhoc("acme"))


def test_a_refused_job_leaves_no_endpoint(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise redis.ConnectionError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(type(stores.jobs), "submit", full)
        assert client.post("/jobs", json=hooked(1)).status_code == 503
    assert not stores.redis.keys("pq:hook:*")
    assert client.post("/jobs", json=hooked(1)).status_code == 202
    assert stores.redis.zcard(keys.tenant_adhoc("acme")) == 1


def test_endpoints_that_jobs_make_are_counted(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "limits", lambda *_: PlanLimits(jobWebhooks=3))
    for number in (1, 2, 3, 1, 2):
        assert client.post("/jobs", json=hooked(number)).status_code == 202
    problem = refused(client.post("/jobs", json=hooked(4)), 429, "concurrency_limit_exceeded")
    assert problem["details"] == {"limit": "jobWebhooks", "allowed": 3}
    body = {"jobs": [hooked(3), hooked(5)]}
    refused(client.post("/batches", json=body), 429, "concurrency_limit_exceeded")
    assert stores.redis.zcard(keys.tenant_adhoc("acme")) == 3
    assert len(stores.redis.keys("pq:hook:{*}")) == 3


@pytest.fixture
def scoped(stores: Stores, address: str) -> Callable[..., Client]:
    def make(*scopes: Scope) -> Client:
        key = stores.keys.create("acme", Plan.DEVELOPER, scopes=scopes)
        headers = {"Authorization": f"Bearer {key}"}
        return plain_client(base_url=f"{address}/v1", headers=headers)

    return make


def test_who_may_say_where_results_go(scoped: Callable[..., Client], stores: Stores) -> None:
    with scoped(Scope.JOBS_READ, Scope.JOBS_WRITE) as writes:
        for path, body in (("/jobs", hooked(1)), ("/batches", {"jobs": [hooked(1)]}),
                           ("/webhooks", HOOK)):  # fmt: skip
            answer = writes.post(path, json=body)
            assert answer.status_code in (403, 422), answer.text
            assert "insufficient_scope" in answer.text and "webhooks:write" in answer.text
        assert writes.post("/jobs", json=URL).status_code == 202
        upload = put_upload(writes, json.dumps(hooked(1)).encode() + b"\n", "application/x-ndjson")
        batch = writes.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
        expand_batch(stores, batch)
        view = writes.get(f"/batches/{batch}").json()
        assert view["errors"][0]["code"] == "insufficient_scope" and view["accepted"] == 0
    assert not stores.redis.keys("pq:hook:*")
    for scope in (Scope.WEBHOOKS_WRITE, Scope.ADMIN):
        with scoped(Scope.JOBS_WRITE, scope) as admin:
            assert admin.post("/jobs", json=hooked(1)).status_code == 202
            assert admin.post("/webhooks", json=HOOK).status_code == 201


def test_one_absurd_line_of_a_manifest_is_that_lines_error(
    client: Client, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = json.dumps({**URL, "options": {"exercise": "squat", "userHeightCm": 1}})
    absurd = [line.replace(": 1}", f": {'9' * n}}}") for n in (400, 5000)]
    deep = json.dumps({**URL, "metadata": 0}).replace(": 0", ": " + "[" * 500 + "]" * 500)
    lines = [json.dumps(URL), *absurd, deep, json.dumps({**URL, "metadata": {"broken": 1}}),
             json.dumps(URL)]  # fmt: skip
    upload = put_upload(client, "\n".join(lines).encode() + b"\n", "application/x-ndjson")
    batch = client.post("/batches", json={"manifest": {"uploadId": upload}}).json()["id"]
    from worker.submission import manifests

    real = manifests.build_job

    def broken(stores: Stores, tenant: Any, body: Any, options: Any) -> Any:
        if body.metadata:
            raise ZeroDivisionError
        return real(stores, tenant, body, options)

    monkeypatch.setattr(manifests, "build_job", broken)
    expand_batch(stores, batch)
    view = client.get(f"/batches/{batch}").json()
    assert (view["accepted"], view["rejected"], view["lines"]) == (2, 4, 6)
    assert [error["line"] for error in view["errors"]] == [2, 3, 4, 5]
    assert view["errors"][-1]["code"] == "internal"
