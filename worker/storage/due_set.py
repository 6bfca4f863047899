"""A sorted set of items by the time at which they are due, shared by many processes."""

from __future__ import annotations

from worker.storage.connection import Client, text
from worker.storage.lua_scripts import Scripts


class DueSet:
    """A Redis sorted set whose scores are the unix times at which its members are due."""

    def __init__(self, client: Client, key: str) -> None:
        self._redis = client
        self._key = key
        self._run = Scripts(client, __package__)

    def waiting(self, now: float, most: int | None = None) -> list[str]:
        """Returns up to `most` members that are due at `now`, the longest overdue first."""
        limits = {} if most is None else {"start": 0, "num": most}
        return list(map(text, self._redis.zrangebyscore(self._key, "-inf", now, **limits)))

    def take(self, member: str, now: float, again_s: float) -> bool:
        """Claims `member` if it is due; returns whether this caller got it.

        One of several callers gets it. It is due again after `again_s` seconds unless removed.
        """
        return bool(self._run("take_due", [self._key], [member, now, now + again_s]))

    def take_all(self, now: float, again_s: float, most: int | None = None) -> list[str]:
        """Claims all due members, up to `most`; returns those that this caller got."""
        return [one for one in self.waiting(now, most) if self.take(one, now, again_s)]
