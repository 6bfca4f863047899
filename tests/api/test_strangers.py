"""Every call of the OpenAPI document, made with another tenant's key, and with too small a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_socket

from tests.api.api_play import Actor, Client, new_job, plain_client, put_upload, refused
from worker.contract.jobs import Export
from worker.contract.messages import Initialization
from worker.contract.plans import Plan
from worker.contract.scopes import ALL_SCOPES, Scope
from worker.storage.objects.presigning import SINGLE_PUT_BYTES
from worker.storage.stores import Stores

MARK = "belongs-to-acme"
"""In everything that acme has: no stranger may ever read it."""

World = dict[str, str]


@pytest.fixture
def world(client: Client, stores: Stores) -> World:
    """Ids of one of everything, by the names of the paths' parameters."""
    upload = put_upload(client)
    large = client.post(
        "/uploads",
        json={"filename": MARK, "contentType": "video/mp4", "bytes": SINGLE_PUT_BYTES + 1},
    ).json()
    job = new_job(client, {"exercise": "squat"}, metadata={"note": MARK})["id"]
    actor = Actor(stores, job)
    started = Initialization(message=MARK, ready=False, source="video")
    key = f"jobs/acme/{job}/exports/{MARK}.mp4"
    stores.objects.put(key, b"film", "video/mp4")
    actor.say(("1-1", started))
    actor.finish(exports=[Export(kind="video", key=key, mimeType="video/mp4", bytes=4)])
    hook = client.post(
        "/webhooks",
        json={"url": f"http://hooks.example/{MARK}", "events": ["job.succeeded"]},
    ).json()
    batch = client.post("/batches", json={"jobs": [{"input": {"uploadId": put_upload(client)}}]})
    made = client.post(
        "/references", json={"input": {"uploadId": put_upload(client)}, "name": MARK}
    )
    return {
        "upload": upload,
        "upload_id": large["id"],
        "job_id": job,
        "webhook_id": hook["id"],
        "batch_id": batch.json()["id"],
        "reference_id": made.json()["id"],
        "secret": hook["secret"],
    }


def operations(public: Client) -> list[tuple[str, str]]:
    """Method and path template of every call under /v1."""
    paths = public.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path.removeprefix("/v1"))
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/v1/")
    ]


def body_of(method: str, path: str, world: World) -> Any:
    """A valid body that names, where it can, what the world has."""
    given = {"uploadId": world["upload"]}
    parts = [{"number": number, "etag": f'"{number:032x}"'} for number in range(1, 6)]
    bodies: dict[str, Any] = {
        "POST /uploads": {"filename": "a.mp4", "contentType": "video/mp4", "bytes": 3},
        "POST /uploads/{upload_id}/complete": {"parts": parts},
        "POST /jobs": {"input": given},
        "POST /jobs/{job_id}/analyze": {"options": {"exercise": "lunge"}},
        "POST /jobs/{job_id}/cancel": None,
        "POST /batches": {"jobs": [{"input": given}]},
        "POST /batches/{batch_id}/cancel": None,
        "POST /references": {"input": given},
        "POST /webhooks": {"url": "http://other.example/x", "events": ["job.failed"]},
        "PATCH /webhooks/{webhook_id}": {"description": "mine now"},
        "POST /webhooks/{webhook_id}/test": None,
        "POST /webhooks/{webhook_id}/rotate": None,
        "POST /webhooks/{webhook_id}/replay": {"since": "2026-01-01T00:00:00Z"},
        "POST /page-tokens": {},
    }
    return None if method in ("GET", "DELETE") else bodies[f"{method} {path}"]


def call(client: Client, method: str, path: str, world: World) -> Any:
    """One call over what the world has."""
    body = body_of(method, path, world)
    return client.request(method, path.format(**world), json=body)


OWN = {
    "POST /uploads", "POST /webhooks", "POST /page-tokens", "GET /exercises",
    "GET /schema/messages.json", "GET /me", "GET /usage", "GET /jobs", "GET /batches",
    "GET /references", "GET /webhooks",
}  # fmt: skip
"""Calls that name nobody's things: a stranger gets its own, and only that."""


def test_a_stranger_finds_nothing(
    world: World, client: Client, connect: Callable[..., Client], public: Client, stores: Stores
) -> None:
    before = {path: client.get(path.format(**world)).json() for path in _records()}
    for stranger in (connect("umbrella"), connect("acm"), connect("acme2", Plan.COMPANY)):
        for method, path in operations(public):
            answer = call(stranger, method, path, world)
            seen = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            if f"{method} {path}" in OWN:
                assert answer.status_code in (200, 201), seen
                assert not any(name in answer.text for name in world.values()), seen
            elif f"{method} {path}" == "POST /batches":
                wrong = refused(answer, 422, "invalid_parameter")["details"]["errors"]
                assert [one["code"] for one in wrong] == ["not_found"], seen
            else:
                refused(answer, 404, "not_found")
            assert MARK not in answer.text and world["secret"] not in answer.text, seen
    assert {path: client.get(path.format(**world)).json() for path in _records()} == before
    assert stores.objects.version(stores.uploads.get(world["upload"], "acme").key)


def _records() -> tuple[str, ...]:
    """What shows whether anything of acme's has changed; no presigned addresses among them."""
    return ("/webhooks/{webhook_id}", "/batches/{batch_id}", "/references/{reference_id}",
            "/jobs/{job_id}/messages")  # fmt: skip


def test_guesses_look_like_what_there_is_not(
    world: World, connect: Callable[..., Client], public: Client
) -> None:
    """The same words for another tenant's id and for none at all."""
    stranger = connect("umbrella")
    for method, path in operations(public):
        if "{" not in path:
            continue
        other = {name: value[:-4] + "0000" for name, value in world.items()}
        theirs, none = call(stranger, method, path, world), call(stranger, method, path, other)
        told = theirs.text
        for name in world:
            told = told.replace(world[name], other[name])
        assert (theirs.status_code, told) == (none.status_code, none.text), (method, path)


def test_a_stranger_subscribes_to_nothing(
    world: World, address: str, connect: Callable[..., Client]
) -> None:
    stranger = connect("umbrella")
    path = f"/jobs/{world['job_id']}/messages"
    refused(stranger.get(path, headers={"Accept": "text/event-stream"}), 404, "not_found")
    key = stranger.headers["Authorization"].removeprefix("Bearer ")
    url = f"{address.replace('http', 'ws', 1)}/v1/jobs/{world['job_id']}/ws"
    with connect_socket(url) as socket:
        socket.send(json.dumps({"token": key}))
        with pytest.raises((ConnectionClosed, WebSocketDisconnect)) as closed:
            socket.recv(timeout=20)
    assert closed.value.rcvd.code == 4404 and MARK not in closed.value.rcvd.reason


def needed(method: str, path: str) -> Scope | None:
    """The scope that a call needs."""
    if path.split("/")[1] in ("exercises", "schema", "me"):
        return None
    if path.startswith("/webhooks"):
        return Scope.WEBHOOKS_WRITE
    return Scope.JOBS_READ if method == "GET" else Scope.JOBS_WRITE


def test_a_key_without_the_scope_is_refused_everywhere(
    world: World, stores: Stores, address: str, public: Client
) -> None:
    for scope in ALL_SCOPES:
        rest = tuple(one for one in ALL_SCOPES if one not in (scope, Scope.ADMIN))
        key = stores.keys.create("acme", Plan.DEVELOPER, scopes=rest)
        headers = {"Authorization": f"Bearer {key}"}
        with plain_client(base_url=f"{address}/v1", headers=headers) as lacking:
            for method, path in operations(public):
                if needed(method, path) is scope:
                    answer = call(lacking, method, path, world)
                    details = refused(answer, 403, "insufficient_scope")["details"]
                    assert details == {"scope": scope.value}, (method, path)
                    assert MARK not in answer.text
    assert stores.jobs.get(world["job_id"], "acme")


def test_a_key_with_the_scope_alone_gets_through(
    world: World, stores: Stores, address: str, public: Client
) -> None:
    # what erases comes last
    calls = sorted(operations(public), key=lambda one: one[0] == "DELETE")
    for method, path in calls:
        scope = needed(method, path) or Scope.JOBS_WRITE
        key = stores.keys.create("acme", Plan.DEVELOPER, scopes=(scope,))
        headers = {"Authorization": f"Bearer {key}"}
        with plain_client(base_url=f"{address}/v1", headers=headers) as enough:
            answer = call(enough, method, path, world)
            assert answer.status_code not in (401, 403, 404), (method, path, answer.text)
