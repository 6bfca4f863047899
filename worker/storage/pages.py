"""Pages of lists that Redis keeps in sorted sets, newest first."""

from __future__ import annotations

from worker.storage.connection import Client

After = tuple[float, str]
"""Score and id of the last row of the page before."""


def newest_first(
    client: Client, name: str, after: After | None, limit: int
) -> list[tuple[bytes, float]]:
    """Returns up to `limit` ids of the sorted set `name` with their scores, those after a row."""
    start = 0
    if after is not None:
        rank = client.zrevrank(name, after[1])
        # the row may be gone: continue below its score
        start = client.zcount(name, after[0], "+inf") if rank is None else rank + 1
    rows: list[tuple[bytes, float]] = client.zrevrange(
        name, start, start + limit - 1, withscores=True
    )
    return rows
