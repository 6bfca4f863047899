"""Examples of the OpenAPI document, taken from the contract."""

from __future__ import annotations

from typing import Any

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
