"""Readiness and metrics need no key: however many ask, one looks."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.services import shared_call
from api.services.shared_call import SharedCalls
from tests.api.api_play import Client
from worker.storage.errors import StoreUnavailable
from worker.storage.objects.s3 import ObjectStore


def test_who_asks_meanwhile_gets_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_call, "AGAIN_S", 0.2)
    made = []

    async def slow() -> int:
        await asyncio.sleep(0.1)
        made.append(1)
        return len(made)

    async def ask() -> None:
        shared = SharedCalls()
        impatient = asyncio.ensure_future(shared.get("a", slow))
        await asyncio.sleep(0.01)
        impatient.cancel()
        assert await asyncio.gather(*(shared.get("a", slow) for _ in range(9))) == [1] * 9
        assert await shared.get("a", slow) == 1
        await asyncio.sleep(0.25)
        assert await shared.get("a", slow) == 2

    asyncio.run(ask())


def test_a_slow_result_is_shared_as_long_as_a_quick_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_call, "AGAIN_S", 0.2)
    made = []

    async def slow() -> int:
        await asyncio.sleep(0.3)
        made.append(1)
        return len(made)

    async def ask() -> None:
        shared = SharedCalls()
        assert [await shared.get("a", slow) for _ in range(3)] == [1, 1, 1]

    asyncio.run(ask())


def test_redis_is_not_blamed_where_many_ask_for_a_hanging_s3(
    public: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def hang(_: ObjectStore) -> None:
        asked.append(1)
        time.sleep(4)
        raise StoreUnavailable("silent")

    monkeypatch.setattr(ObjectStore, "check", hang)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: public.get("/readyz?require=redis"), range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json()["checks"] == {"redis": "ok", "s3": "no answer"}
    assert len(asked) <= 2
