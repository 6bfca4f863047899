"""The Python client's calls for webhooks, both forms, and the check that a receiver makes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.client import AsyncPoseQueue, PoseQueue, Refused, verify_webhook
from worker.contract.webhooks import DEFAULT_EVENTS
from worker.storage.stores import Stores

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = "http://hooks.example/pose"


def test_webhooks_are_verified() -> None:
    from datetime import UTC, datetime

    body = json.dumps({"type": "job.succeeded", "data": {"id": "job_1"}})
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("msg_1", now, body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    assert verify_webhook(SECRET, headers, body)["data"] == {"id": "job_1"}
    with pytest.raises(WebhookVerificationError):
        verify_webhook(SECRET, headers, body.replace("job_1", "job_2"))


def test_a_webhook_from_its_making_to_its_end(reach: tuple[str, str], stores: Stores) -> None:
    with PoseQueue(*reach) as queue:
        hook = queue.create_webhook(HOOK, ["job.failed"], "mine")
        assert hook["secret"].startswith("whsec_") and hook["events"] == ["job.failed"]
        assert queue.create_webhook(HOOK)["events"] == list(DEFAULT_EVENTS)
        assert [one["description"] for one in queue.webhooks()] == ["", "mine"]
        assert queue.change_webhook(hook["id"], enabled=False)["disabledReason"] == "by request"
        with pytest.raises(Refused) as caught:
            queue.test_webhook(hook["id"])
        assert caught.value.code == "conflict"
        queue.change_webhook(hook["id"], enabled=True)
        tests = [queue.test_webhook(hook["id"])["id"] for _ in range(3)]
        assert [one["id"] for one in queue.deliveries(hook["id"])] == tests[::-1]
        assert list(queue.deliveries(hook["id"], status="dead")) == []
        rotated = queue.rotate_webhook(hook["id"])
        assert stores.endpoints.for_session(hook["id"])[1] == [rotated["secret"], hook["secret"]]
        assert queue.replay(hook["id"], delivery=tests[0]) == 1
        assert queue.replay(hook["id"], since=hook["createdAt"]) == 3
        queue.delete_webhook(hook["id"])
        assert [one["url"] for one in queue.webhooks()] == [HOOK]


def test_the_same_in_an_event_loop(reach: tuple[str, str]) -> None:
    async def live() -> list[Any]:
        async with AsyncPoseQueue(*reach) as queue:
            hook = (await queue.create_webhook(HOOK))["id"]
            test = await queue.test_webhook(hook)
            listed = [one["id"] async for one in queue.deliveries(hook)]
            assert listed == [test["id"]] and await queue.replay(hook, delivery=test["id"]) == 1
            assert (await queue.rotate_webhook(hook))["secret"].startswith("whsec_")
            assert not (await queue.change_webhook(hook, enabled=False))["enabled"]
            await queue.delete_webhook(hook)
            return [one async for one in queue.webhooks()]

    assert asyncio.run(live()) == []


def test_long_lists_come_whole(reach: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.client.pagination._PAGE", 2)
    with PoseQueue(*reach) as queue:
        made = [queue.create_webhook(HOOK)["id"] for _ in range(5)]
        assert [one["id"] for one in queue.webhooks()] == made[::-1]
