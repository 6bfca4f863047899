"""What a key may do: scopes, and the narrow key that a page gets."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """`jobs:read` reads, `jobs:write` uploads, makes, stops and erases, `admin` manages webhooks:
    these send a tenant's results elsewhere."""

    JOBS_WRITE = "jobs:write"
    JOBS_READ = "jobs:read"
    ADMIN = "admin"


ALL_SCOPES: tuple[Scope, ...] = tuple(Scope)
"""What a key has that was made without naming any: everything of its tenant."""

PAGE_SCOPES: tuple[Scope, ...] = (Scope.JOBS_WRITE, Scope.JOBS_READ)
"""What a page token has at most, and that only over what was made with it."""

LONGEST_PAGE_TOKEN_S = 86_400
PAGE_TOKEN_S = 3_600
"""Seconds that a page token holds unless it is asked for otherwise."""


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Scopes out of `jobs:read,jobs:write`; raises ValueError for what is none, and for none."""
    named = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(named - set(ALL_SCOPES))
    if unknown or not named:
        wrong = f"no scope '{unknown[0]}'" if unknown else "no scope is named"
        raise ValueError(f"{wrong}; there are {', '.join(ALL_SCOPES)}")
    return tuple(scope for scope in ALL_SCOPES if scope in named)
