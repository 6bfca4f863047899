"""A sorted set of things by the time at which they are due, shared by many processes."""

from __future__ import annotations

from worker.storage.connection import Client, text
from worker.storage.lua_scripts import load_script


class DueSet:
    """Members of one sorted set by the unix time, in seconds, at which they are due."""

    def __init__(self, client: Client, key: str) -> None:
        self._redis = client
        self._key = key
        self._take = client.register_script(load_script(__package__, "take_due"))

    def waiting(self, now: float, most: int | None = None) -> list[str]:
        """Members that are due at `now`, the longest overdue first, `most` at most."""
        limits = {} if most is None else {"start": 0, "num": most}
        return list(map(text, self._redis.zrangebyscore(self._key, "-inf", now, **limits)))

    def take(self, member: str, now: float, again_s: float) -> bool:
        """Whether `member` is due and now the caller's; it is due once more after `again_s`
        seconds unless it is removed. Of several callers one alone is told so."""
        return bool(self._take(keys=[self._key], args=[member, now, now + again_s]))

    def take_all(self, now: float, again_s: float, most: int | None = None) -> list[str]:
        """All due members that became the caller's (see `take`)."""
        return [one for one in self.waiting(now, most) if self.take(one, now, again_s)]
