"""Adds examples to the OpenAPI document, those of messages from the contract."""

from __future__ import annotations

import http
from typing import Any

from fastapi import FastAPI

from api.schemas.example_responses import ANSWERS, PROBLEMS
from worker.contract.editions import to_plain
from worker.contract.examples import EXAMPLES
from worker.contract.messages import encode

_PAGE = {
    "messages": [
        {"id": f"{place}-1", "message": to_plain(message)}
        for place, message in enumerate(EXAMPLES.values())
    ],
    "next": None,
}
_STREAM = "".join(
    f"id: {place}-1\nevent: {kind}\ndata: {encode(EXAMPLES[kind]).decode()}\n\n"
    for place, kind in enumerate(("counter", "done"))
)

MESSAGES_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One example of every type of message",
        "content": {
            "application/json": {"example": _PAGE},
            "text/event-stream": {"schema": {"type": "string"}, "example": _STREAM},
        },
    }
}

_PROBLEM = "application/problem+json"


def problem_examples(status: str) -> dict[str, Any]:
    """Returns examples by error code for a response key such as `4XX` or `503`."""
    return {
        code: {
            "value": {
                "status": number,
                "title": http.HTTPStatus(number).phrase,
                "code": code,
                "detail": detail,
                "details": details,
            }
        }
        for code, (number, detail, details) in PROBLEMS.items()
        if status in (str(number), f"{str(number)[0]}XX")
    }


def _show(path: str, method: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if kind == _PROBLEM:
                content["examples"] = problem_examples(status)
            elif status.startswith("2") and "example" not in content and (method, path) in ANSWERS:
                content["example"] = ANSWERS[method, path]


def show_examples(app: FastAPI) -> None:
    """Adds examples of responses and of all error codes to the OpenAPI document of `app`."""
    plain = app.openapi

    def shown() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path, operations in plain()["paths"].items():
                for method, operation in operations.items():
                    _show(path, method, operation)
        return plain()

    app.openapi = shown  # type: ignore[method-assign]
