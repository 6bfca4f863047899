"""What a key may do: scopes, and the narrow key that a page gets."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """`jobs:read` reads, `jobs:write` uploads, makes, stops and erases, `webhooks:write` says where
    a tenant's results are sent to, and `admin` does that too."""

    JOBS_WRITE = "jobs:write"
    JOBS_READ = "jobs:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


ALL_SCOPES: tuple[Scope, ...] = tuple(Scope)
"""What a key has that was made without naming any: everything of its tenant."""

PAGE_SCOPES: tuple[Scope, ...] = (Scope.JOBS_WRITE, Scope.JOBS_READ)
"""What a page token has at most, and that only over what was made with it."""

LONGEST_PAGE_TOKEN_S = 86_400
PAGE_TOKEN_S = 3_600
"""Seconds that a page token holds unless it is asked for otherwise."""


def allows(scopes: Iterable[Scope], wanted: Scope) -> bool:
    """Whether `scopes` hold `wanted`, or one that it is part of."""
    held = set(scopes)
    return wanted in held or (wanted is Scope.WEBHOOKS_WRITE and Scope.ADMIN in held)


class ScopeMissing(Exception):
    """The key is valid and may not make this call; `scope` is the one that it lacks, if one."""

    def __init__(self, message: str, scope: Scope | None) -> None:
        super().__init__(message)
        self.scope = scope


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Scopes out of `jobs:read,jobs:write`; raises ValueError for what is none, and for none."""
    named = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(named - set(ALL_SCOPES))
    if unknown or not named:
        wrong = f"no scope '{unknown[0]}'" if unknown else "no scope is named"
        raise ValueError(f"{wrong}; there are {', '.join(ALL_SCOPES)}")
    return tuple(scope for scope in ALL_SCOPES if scope in named)
