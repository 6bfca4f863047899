"""Client methods for webhooks, and the signature check for receivers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from .operations import Flow, Json, asked
from .pagination import AsyncRuns, Runs


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes | str) -> Json:
    """Verifies a webhook request and returns its event.

    `secret` begins with `whsec_`. Raises WebhookVerificationError of standardwebhooks for a
    missing or wrong signature, or one that is too old.
    """
    from standardwebhooks import Webhook

    event: Json = Webhook(secret).verify(body, dict(headers))
    return event


def _made(url: str, events: Sequence[str] | None, description: str) -> Flow[Json]:
    body: Json = {"url": url, "description": description}
    body |= {} if events is None else {"events": list(events)}
    hook: Json = yield from asked("POST", "/webhooks", again=False, json=body)
    return hook


def _one(method: str, webhook_id: str, what: str = "", **options: Any) -> Flow[Any]:
    # POST is not retried: it would make a second secret or test event
    again = method in ("DELETE", "PATCH")
    return asked(method, f"/webhooks/{webhook_id}{what}", again=again, **options)


def _replayed(webhook_id: str, since: str | None, delivery: str | None) -> Flow[int]:
    """Repeats deliveries, page by page, and returns their number."""
    body: Json = {"deliveryId": delivery} if since is None else {"since": since}
    count = 0
    while True:
        answer: Json = yield from _one("POST", webhook_id, "/replay", json=body)
        count += int(answer["replayed"])
        if answer["next"] is None or answer["next"] == body.get("since"):
            return count
        body = {"since": answer["next"]}


class WebhookCalls(Runs):
    """Methods of `PoseQueue` for webhooks."""

    def create_webhook(
        self, url: str, events: Sequence[str] | None = None, description: str = ""
    ) -> Json:
        """Creates a webhook and returns it with its `secret`, which cannot be read later; None has
        the default `events`."""
        return self._run(_made(url, events, description))

    def webhooks(self) -> Iterator[Json]:
        """Yields your webhooks, newest first."""
        return self._all("/webhooks", "webhooks")

    def change_webhook(self, webhook_id: str, **fields: Any) -> Json:
        """Changes `url`, `events`, `description` or `enabled`; enabling resumes deliveries."""
        hook: Json = self._run(_one("PATCH", webhook_id, json=fields))
        return hook

    def delete_webhook(self, webhook_id: str) -> None:
        """Deletes a webhook and its pending deliveries."""
        self._run(_one("DELETE", webhook_id))

    def test_webhook(self, webhook_id: str) -> Json:
        """Sends an event `webhook.test` and returns its delivery."""
        delivery: Json = self._run(_one("POST", webhook_id, "/test"))
        return delivery

    def rotate_webhook(self, webhook_id: str) -> Json:
        """Makes a new `secret` and returns it; the old one signs too until `previousUntil`."""
        rotated: Json = self._run(_one("POST", webhook_id, "/rotate"))
        return rotated

    def deliveries(self, webhook_id: str, *, status: str | None = None) -> Iterator[Json]:
        """Yields deliveries of the last seven days, newest first, with their latest attempts."""
        return self._all(f"/webhooks/{webhook_id}/deliveries", "deliveries", status=status)

    def replay(
        self, webhook_id: str, *, since: str | None = None, delivery: str | None = None
    ) -> int:
        """Repeats one delivery, or all since an ISO 8601 time, and returns their number."""
        return self._run(_replayed(webhook_id, since, delivery))


class AsyncWebhookCalls(AsyncRuns):
    """Methods of `AsyncPoseQueue` for webhooks."""

    async def create_webhook(
        self, url: str, events: Sequence[str] | None = None, description: str = ""
    ) -> Json:
        """Creates a webhook and returns it with its `secret`, which cannot be read later; None has
        the default `events`."""
        return await self._run(_made(url, events, description))

    def webhooks(self) -> AsyncIterator[Json]:
        """Yields your webhooks, newest first."""
        return self._all("/webhooks", "webhooks")

    async def change_webhook(self, webhook_id: str, **fields: Any) -> Json:
        """Changes `url`, `events`, `description` or `enabled`; enabling resumes deliveries."""
        hook: Json = await self._run(_one("PATCH", webhook_id, json=fields))
        return hook

    async def delete_webhook(self, webhook_id: str) -> None:
        """Deletes a webhook and its pending deliveries."""
        await self._run(_one("DELETE", webhook_id))

    async def test_webhook(self, webhook_id: str) -> Json:
        """Sends an event `webhook.test` and returns its delivery."""
        delivery: Json = await self._run(_one("POST", webhook_id, "/test"))
        return delivery

    async def rotate_webhook(self, webhook_id: str) -> Json:
        """Makes a new `secret` and returns it; the old one signs too until `previousUntil`."""
        rotated: Json = await self._run(_one("POST", webhook_id, "/rotate"))
        return rotated

    def deliveries(self, webhook_id: str, *, status: str | None = None) -> AsyncIterator[Json]:
        """Yields deliveries of the last seven days, newest first, with their latest attempts."""
        return self._all(f"/webhooks/{webhook_id}/deliveries", "deliveries", status=status)

    async def replay(
        self, webhook_id: str, *, since: str | None = None, delivery: str | None = None
    ) -> int:
        """Repeats one delivery, or all since an ISO 8601 time, and returns their number."""
        return await self._run(_replayed(webhook_id, since, delivery))
