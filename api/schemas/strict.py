"""Refusal of unknown fields and query parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from api.middleware.errors import invalid_parameter
from worker.submission.schemas.strict import Strict, WholeNumber

__all__ = ["Strict", "WholeNumber", "allow_query_params"]


def allow_query_params(*allowed: str) -> Callable[[Request], Awaitable[None]]:
    """Returns a FastAPI dependency that refuses all query parameters but `allowed`."""

    async def check(request: Request) -> None:
        for name in request.query_params:
            if name not in allowed:
                raise invalid_parameter(name, f"Unknown parameter '{name}'", sorted(allowed))

    return check
