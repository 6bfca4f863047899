"""The clients' calls for webhooks, and the check that a receiver makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from .operations import Flow, Json, asked
from .pagination import AsyncRuns, Runs


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes | str) -> Json:
    """The event of a request that bears our signature; raises standardwebhooks'
    WebhookVerificationError where it does not. `secret` begins with `whsec_`."""
    from standardwebhooks import Webhook

    event: Json = Webhook(secret).verify(body, dict(headers))
    return event


def _made(url: str, events: Sequence[str] | None, description: str) -> Flow[Json]:
    body: Json = {"url": url, "description": description}
    body |= {} if events is None else {"events": list(events)}
    hook: Json = yield from asked("POST", "/webhooks", again=False, json=body)
    return hook


def _one(method: str, webhook_id: str, what: str = "", **options: Any) -> Flow[Any]:
    # a second secret or test would follow where an answer is lost
    again = method in ("DELETE", "PATCH")
    return asked(method, f"/webhooks/{webhook_id}{what}", again=again, **options)


def _replayed(webhook_id: str, since: str | None, delivery: str | None) -> Flow[int]:
    """How many deliveries are made once more; asks on until the list is through."""
    body: Json = {"deliveryId": delivery} if since is None else {"since": since}
    count = 0
    while True:
        answer: Json = yield from _one("POST", webhook_id, "/replay", json=body)
        count += int(answer["replayed"])
        if answer["next"] is None or answer["next"] == body.get("since"):
            return count
        body = {"since": answer["next"]}


class WebhookCalls(Runs):
    """Part of `PoseQueue`."""

    def create_webhook(
        self, url: str, events: Sequence[str] | None = None, description: str = ""
    ) -> Json:
        """A new webhook with its `secret`, shown this once; `events` None = the usual ones."""
        return self._run(_made(url, events, description))

    def webhooks(self) -> Iterator[Json]:
        """Your webhooks, newest first."""
        return self._all("/webhooks", "webhooks")

    def change_webhook(self, webhook_id: str, **fields: Any) -> Json:
        """Other `url`, `events`, `description` or `enabled`; enabling delivers what has waited."""
        hook: Json = self._run(_one("PATCH", webhook_id, json=fields))
        return hook

    def delete_webhook(self, webhook_id: str) -> None:
        """Ends it; what waits for it is not delivered any more."""
        self._run(_one("DELETE", webhook_id))

    def test_webhook(self, webhook_id: str) -> Json:
        """Sends an event `webhook.test`; the delivery."""
        delivery: Json = self._run(_one("POST", webhook_id, "/test"))
        return delivery

    def rotate_webhook(self, webhook_id: str) -> Json:
        """A new `secret`; the old one signs too until `previousUntil`."""
        rotated: Json = self._run(_one("POST", webhook_id, "/rotate"))
        return rotated

    def deliveries(self, webhook_id: str, *, status: str | None = None) -> Iterator[Json]:
        """Deliveries of the last seven days, newest first, with every attempt."""
        return self._all(f"/webhooks/{webhook_id}/deliveries", "deliveries", status=status)

    def replay(
        self, webhook_id: str, *, since: str | None = None, delivery: str | None = None
    ) -> int:
        """Delivers again one delivery, or all since an ISO 8601 time; how many."""
        return self._run(_replayed(webhook_id, since, delivery))


class AsyncWebhookCalls(AsyncRuns):
    """Part of `AsyncPoseQueue`; see `WebhookCalls`."""

    async def create_webhook(
        self, url: str, events: Sequence[str] | None = None, description: str = ""
    ) -> Json:
        """A new webhook with its `secret`, shown this once; `events` None = the usual ones."""
        return await self._run(_made(url, events, description))

    def webhooks(self) -> AsyncIterator[Json]:
        """Your webhooks, newest first."""
        return self._all("/webhooks", "webhooks")

    async def change_webhook(self, webhook_id: str, **fields: Any) -> Json:
        """Other `url`, `events`, `description` or `enabled`; enabling delivers what has waited."""
        hook: Json = await self._run(_one("PATCH", webhook_id, json=fields))
        return hook

    async def delete_webhook(self, webhook_id: str) -> None:
        """Ends it; what waits for it is not delivered any more."""
        await self._run(_one("DELETE", webhook_id))

    async def test_webhook(self, webhook_id: str) -> Json:
        """Sends an event `webhook.test`; the delivery."""
        delivery: Json = await self._run(_one("POST", webhook_id, "/test"))
        return delivery

    async def rotate_webhook(self, webhook_id: str) -> Json:
        """A new `secret`; the old one signs too until `previousUntil`."""
        rotated: Json = await self._run(_one("POST", webhook_id, "/rotate"))
        return rotated

    def deliveries(self, webhook_id: str, *, status: str | None = None) -> AsyncIterator[Json]:
        """Deliveries of the last seven days, newest first, with every attempt."""
        return self._all(f"/webhooks/{webhook_id}/deliveries", "deliveries", status=status)

    async def replay(
        self, webhook_id: str, *, since: str | None = None, delivery: str | None = None
    ) -> int:
        """Delivers again one delivery, or all since an ISO 8601 time; how many."""
        return await self._run(_replayed(webhook_id, since, delivery))
