"""Trims the firehose by length and age, but not entries that the webhooks have not read.

Writers only add; all workers trim periodically. Entries that the consumer group `webhooks` has not
acknowledged are kept, up to HARD times the length: beyond that they are trimmed to protect Redis'
memory, counted and logged. Without that group (no webhook worker ever ran) length and age decide.
Other consumer groups have no protection beyond length and age.
"""

from __future__ import annotations

from typing import Any

import redis.exceptions
import structlog

from worker.settings import Settings
from worker.storage import keys
from worker.storage.connection import Client, text

log = structlog.get_logger()

GROUP = "webhooks"
"""The consumer group of the webhook workers, one on every partition."""
HARD = 10
EVERY_S = 5
COUNTED = 10_000
"""Maximum entries counted one by one where Redis does not know a group's lag."""
_PAGE = 1000


def trim_now_and_then(client: Client, settings: Settings, now: float) -> None:
    """Trims the firehose, at the unix time `now`, unless any worker did within EVERY_S seconds."""
    if client.set(keys.TRIMMED, 1, nx=True, ex=EVERY_S):
        length, age_s = settings.firehose_length, settings.firehose_age_s
        trim_firehose(client, settings.firehose_partitions, length, age_s, now)


def trim_firehose(client: Client, partitions: int, length: int, age_s: float, now: float) -> int:
    """Trims every partition to about `length` entries of the last `age_s` seconds.

    Returns the number of entries removed. Redis trims whole nodes of a stream (100 entries), so up
    to a node more remains.
    """
    oldest = f"{int((now - age_s) * 1000)}-0"
    return sum(_trim(client, name, length, oldest) for name in keys.partitions(partitions))


def stream_lag(client: Client, partitions: int, group: str = GROUP) -> int:
    """Returns the number of firehose entries that a consumer group has not acknowledged."""
    found = ((name, _group(client, name, group)) for name in keys.partitions(partitions))
    return sum(_behind(client, name, state) for name, state in found if state is not None)


def groups_of(client: Client, partitions: int) -> list[str]:
    """Returns the names of the firehose's consumer groups."""
    names = keys.partitions(partitions)
    return sorted({text(one["name"]) for name in names for one in _states(client, name)})


def first_unread(client: Client, name: str) -> str | None:
    """Returns the id before which the webhooks have acknowledged all entries of a partition; None
    without their group."""
    group = _group(client, name)
    if group is None:
        return None
    pending = client.xpending(name, GROUP)
    if pending["pending"]:
        return text(pending["min"])
    return text(group["last-delivered-id"])


def _trim(client: Client, name: str, length: int, oldest: str) -> int:
    entries = int(client.xlen(name))
    if not entries:
        return 0
    floor = first_unread(client, name)
    removed = 0
    if floor is None:
        removed += int(client.xtrim(name, maxlen=length, approximate=True))
        return removed + int(client.xtrim(name, minid=oldest, approximate=True))
    if entries > length:
        removed += int(client.xtrim(name, minid=floor, approximate=True, limit=entries - length))
    removed += int(client.xtrim(name, minid=min(oldest, floor, key=_place), approximate=True))
    if entries - removed > HARD * length:
        removed += _cut(client, name, length)
    return removed


def _cut(client: Client, name: str, length: int) -> int:
    """Trims a partition to HARD times `length`, with undelivered entries, as a last resort."""
    lost = int(client.xtrim(name, maxlen=HARD * length, approximate=True))
    client.hincrby(keys.FIREHOSE_CUT, name, lost)
    log.error("firehose_cut_unread", partition=name, entries=lost, group=GROUP)
    return lost


def _behind(client: Client, name: str, group: dict[str, Any]) -> int:
    pending = int(group["pending"])
    lag = group.get("lag")
    if lag is None:  # Redis does not know it where entries were deleted from the middle
        return pending + _count_after(client, name, text(group["last-delivered-id"]))
    return pending + int(lag)


def _count_after(client: Client, name: str, last: str) -> int:
    """Counts entries after an id, up to about COUNTED, which is enough for a gauge."""
    found = 0
    page = client.xrange(name, f"({last}", "+", count=_PAGE)
    while page:
        found += len(page)
        if len(page) < _PAGE or found >= COUNTED:
            break
        page = client.xrange(name, f"({text(page[-1][0])}", "+", count=_PAGE)
    return found


def _states(client: Client, name: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = client.xinfo_groups(name)
    except redis.exceptions.ResponseError:  # no such stream yet
        return []
    return found


def _group(client: Client, name: str, wanted: str = GROUP) -> dict[str, Any] | None:
    return next((one for one in _states(client, name) if text(one["name"]) == wanted), None)


def _place(entry_id: str) -> tuple[int, int]:
    head, _, tail = entry_id.partition("-")
    return int(head), int(tail)
