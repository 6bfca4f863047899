"""Bases of both clients: run operations, and read lists page by page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator

from .operations import Flow, Json, T, asked

_PAGE = 200


def _listed(path: str, query: Json, cursor: str | None) -> Flow[Json]:
    given = {name: value for name, value in query.items() if value is not None}
    given |= {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
    page: Json = yield from asked("GET", path, params=given)
    return page


class Runs(ABC):
    """Base of the blocking client: runs operations to their result."""

    @abstractmethod
    def _run(self, flow: Flow[T]) -> T: ...

    def _all(self, path: str, name: str, **query: str | None) -> Iterator[Json]:
        """Yields all rows of a list, newest first; `name` is the field of a page's rows."""
        cursor = None
        while True:
            page = self._run(_listed(path, query, cursor))
            yield from page[name]
            if (cursor := page["next"]) is None:
                return


class AsyncRuns(ABC):
    """Base of the asyncio client: runs operations to their result."""

    @abstractmethod
    async def _run(self, flow: Flow[T]) -> T: ...

    async def _all(self, path: str, name: str, **query: str | None) -> AsyncIterator[Json]:
        cursor = None
        while True:
            page = await self._run(_listed(path, query, cursor))
            for row in page[name]:
                yield row
            if (cursor := page["next"]) is None:
                return
