"""Clients as languages and proxies make them, byte by byte: what HTTP allows, they may do."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.api_play import Client, new_job, refused
from worker.storage.stores import Stores

UPLOAD = b'{"filename":"a.mp4","contentType":"video/mp4","bytes":3}'
JSON = "Content-Type: application/json"


def told(address: str, key: str, line: str, *headers: str, body: bytes = b"") -> tuple[int, Any]:
    """Status and JSON of the answer to a request that is written here, closed behind it; a body is
    sent after `100 Continue` where a header expects that."""
    given = "\r\n".join((line, f"Authorization: Bearer {key}", *headers, "Connection: close"))
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 20) as here:
        here.sendall(f"{given}\r\n\r\n".encode())
        if any(header.startswith("Expect:") for header in headers):
            assert here.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        here.sendall(body)
        answer = b"".join(iter(lambda: here.recv(65536), b""))
    head, _, said = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(said)


CHUNKED = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (UPLOAD[:20], UPLOAD[20:], b""))
FLOAT = UPLOAD.replace(b"3", b"3.0")
MARKED = b"\xef\xbb\xbf" + UPLOAD


def sized(body: bytes) -> str:
    """The header with the length of a body."""
    return f"Content-Length: {len(body)}"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Host: x", JSON, "Transfer-Encoding: chunked"), CHUNKED),
        (("Host: x", JSON, sized(UPLOAD), "Expect: 100-continue"), UPLOAD),
        (("host: x", JSON.lower(), sized(UPLOAD).lower()), UPLOAD),
        (("HOST: x", JSON.upper(), sized(UPLOAD).upper()), UPLOAD),
        (("Host: x", f"{JSON}; charset=UTF-8", sized(MARKED)), MARKED),
        (("Host: x", "Content-Type: application/vnd.api+json", sized(FLOAT)), FLOAT),
    ],
    ids=["chunked", "expects 100", "lower case", "upper case", "byte order mark", "float"],
)
def test_a_body_in_every_form(
    reach: tuple[str, str], headers: tuple[str, ...], body: bytes
) -> None:
    status, upload = told(*reach, "POST /v1/uploads HTTP/1.1", *headers, body=body)
    assert (status, upload["method"]) == (201, "PUT"), upload


def test_http_1_0(reach: tuple[str, str]) -> None:
    """As load balancers ask: without a host."""
    status, me = told(*reach, "GET /v1/me HTTP/1.0")
    assert (status, me["tenant"]) == (200, "acme")
    status, _ = told(*reach, "POST /v1/uploads HTTP/1.0", JSON, sized(UPLOAD), body=UPLOAD)
    assert status == 201


@pytest.mark.parametrize("path", ["/v1/me/", "//v1/me", "/v1//me/", "http://x/v1/me", "/v1/me?"])
def test_a_path_in_every_form(reach: tuple[str, str], path: str) -> None:
    status, me = told(*reach, f"GET {path} HTTP/1.1", "Host: x")
    assert (status, me["tenant"]) == (200, "acme")


def test_nothing_is_redirected(client: Client, stores: Stores) -> None:
    """A redirect would lose the body of a POST, and the key where it leads elsewhere."""
    job = new_job(client)["id"]
    for path in ("/jobs/", f"/jobs/{job}/", f"/jobs/{job}/messages/"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
    assert client.post(f"/jobs/{job}/cancel/", follow_redirects=False).status_code == 200


def test_what_cannot_be_read_says_how_to_send_it(client: Client) -> None:
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    detail = refused(
        client.post("/uploads", content=b"x", headers=packed), 415, "invalid_parameter"
    )
    assert "send it uncompressed" in detail["detail"]
    answer = client.post("/uploads", data={"filename": "a"})
    problem = refused(answer, 422, "invalid_parameter")
    assert "application/x-www-form-urlencoded" in problem["detail"]
    problem = refused(client.post("/uploads", content=UPLOAD), 422, "invalid_parameter")
    assert problem["detail"] == "The body has no Content-Type: send JSON as application/json."
    for path in ("/jobs?limit=", "/jobs?limit=5.5", "/jobs?limit=all"):
        problem = refused(client.get(path), 422, "invalid_parameter")
        assert problem["details"] == {"parameter": "limit", "allowed": "a whole number"}
        assert problem["detail"] == "'limit': Input should be a whole number"


@pytest.mark.parametrize("first", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_a_body_of_two_lengths_is_refused_and_nothing_behind_it_read(
    reach: tuple[str, str], first: str
) -> None:
    address, key = reach
    both = sorted(("Content-Length: 5", "Transfer-Encoding: chunked"), key=lambda it: it != first)
    head = "\r\n".join(("POST /v1/uploads HTTP/1.1", "Host: x", f"Authorization: Bearer {key}"))
    hidden = f"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 20) as here:
        here.sendall("\r\n".join((head, JSON, *both, "", "0", "", hidden)).encode())
        answer = b"".join(iter(lambda: here.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
