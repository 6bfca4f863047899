"""Scopes: what an API key may do, and the fewer of a page token."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """What a key may do: `jobs:read` reads, `jobs:write` uploads, creates, cancels and erases,
    `webhooks:write` sets where a tenant's results are sent, `admin` includes `webhooks:write`."""

    JOBS_WRITE = "jobs:write"
    JOBS_READ = "jobs:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


ALL_SCOPES: tuple[Scope, ...] = tuple(Scope)
"""Scopes of a key that was created without naming any: everything of its tenant."""

PAGE_SCOPES: tuple[Scope, ...] = (Scope.JOBS_WRITE, Scope.JOBS_READ)
"""Most scopes of a page token, which is limited to what was created with it."""

LONGEST_PAGE_TOKEN_S = 86_400
PAGE_TOKEN_S = 3_600
"""Default lifetime of a page token in seconds."""


def allows(scopes: Iterable[Scope], wanted: Scope) -> bool:
    """Whether `scopes` contain `wanted`, or a scope that includes it."""
    granted = set(scopes)
    return wanted in granted or (wanted is Scope.WEBHOOKS_WRITE and Scope.ADMIN in granted)


class ScopeMissing(Exception):
    """The key is valid but may not make this call; `scope` is the one it lacks, if it is one."""

    def __init__(self, message: str, scope: Scope | None) -> None:
        super().__init__(message)
        self.scope = scope


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Scopes from a text such as `jobs:read,jobs:write`; raises ValueError if unknown or empty."""
    named = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(named - set(ALL_SCOPES))
    if unknown or not named:
        wrong = f"no scope '{unknown[0]}'" if unknown else "no scope is named"
        raise ValueError(f"{wrong}; there are {', '.join(ALL_SCOPES)}")
    return tuple(scope for scope in ALL_SCOPES if scope in named)
