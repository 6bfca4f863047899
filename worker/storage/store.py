"""What the stores in Redis share: Lua scripts, which Redis runs atomically, and sorted sets.

The script `jobs/claim` is the file `jobs/lua/claim.lua`. A first line `-- uses: queue/lists, …`
puts the functions of other scripts before it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from worker.storage.connection import Client, text
from worker.storage.errors import NotFound

T = TypeVar("T")
After = tuple[float, str]
"""Score and id of the last row of the page before."""
_USES = re.compile(r"^-- uses: (.+)\n")


@cache
def load_script(name: str) -> str:
    """Returns the text of a script, with what it uses; raises FileNotFoundError."""
    folder, _, file = name.rpartition("/")
    code = files("worker.storage").joinpath(folder, "lua", f"{file}.lua").read_text("utf-8")
    uses = _USES.match(code)
    return "".join(map(load_script, uses[1].split(", ") if uses else ())) + code


class Store:
    """A store on a Redis client; `clock` returns unix time in seconds."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._scripts: dict[str, Any] = {}

    def _run(
        self, name: str, keys: Sequence[str], args: Sequence[Any] = (), pipe: Client = None
    ) -> Any:
        """Runs a script and returns its reply, or adds it to a pipeline."""
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = self._redis.register_script(load_script(name))
        return script(keys=keys, args=args, client=pipe)

    def _if_exists(self, record: str, field: str, command: str, *args: Any) -> Any:
        """Runs a command on a record, a hash, if it has the field that all of its kind have.

        Returns its reply; 0 for an erased record, which a late write must not begin anew.
        """
        return self._run("if_exists", [record], [field, command, *args])

    def _newest_first(
        self, name: str, after: After | None, limit: int
    ) -> Sequence[tuple[str, float]]:
        """Returns up to `limit` ids of the sorted set `name` with their scores, after a row."""
        start = 0
        if after is not None:
            rank = self._redis.zrevrank(name, after[1])
            # the row may be gone: continue below its score
            start = self._redis.zcount(name, after[0], "+inf") if rank is None else rank + 1
        rows = self._redis.zrevrange(name, start, start + limit - 1, withscores=True)
        return [(text(one), float(score)) for one, score in rows]

    def _page(
        self, name: str, after: After | None, limit: int, get: Callable[[str], T]
    ) -> list[tuple[float, T]]:
        """Returns a page of the sorted set `name`, newest first: scores, and what `get` returns for
        the ids; removes ids for which it raises NotFound, as their record has expired."""
        found = []
        for one, score in self._newest_first(name, after, limit):
            try:
                found.append((score, get(one)))
            except NotFound:
                self._redis.zrem(name, one)
        return found


class DueSet(Store):
    """A sorted set of items by the unix time at which they are due, shared by many processes."""

    def __init__(self, client: Client, key: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(client, clock)
        self._key = key

    def waiting(self, most: int | None = None, late_s: float = 0.0) -> list[str]:
        """Returns up to `most` items due since `late_s` seconds, the longest overdue first."""
        limits = {} if most is None else {"start": 0, "num": most}
        found = self._redis.zrangebyscore(self._key, "-inf", self._clock() - late_s, **limits)
        return list(map(text, found))

    def count(self) -> int:
        """Returns the number of due items."""
        return int(self._redis.zcount(self._key, "-inf", self._clock()))

    def take(self, item: str, again_s: float, late_s: float = 0.0) -> bool:
        """Claims an item if it is due since `late_s` seconds; returns whether this caller got it.

        One of several callers gets it. It is due again after `again_s` seconds unless removed.
        """
        due = self._clock() - late_s
        return bool(self._run("take_due", [self._key], [item, due, due + again_s]))

    def take_all(self, again_s: float, most: int | None = None, late_s: float = 0.0) -> list[str]:
        """Claims all due items, up to `most`, as `take` does; returns those that it got."""
        found = self.waiting(most, late_s)
        return [item for item in found if self.take(item, again_s, late_s)]

    def put(self, item: str, at: float) -> None:
        """Makes an item due at the unix time `at`."""
        self._redis.zadd(self._key, {item: at})

    def remove(self, item: str | bytes) -> None:
        """Removes an item."""
        self._redis.zrem(self._key, item)
