"""The headers of Standard Webhooks 1.0."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

USER_AGENT = "PoseQueue-Webhooks/1"


def signed_headers(
    delivery_id: str, secrets: Sequence[str], body: bytes, now: float
) -> dict[str, str]:
    """Returns the headers of an attempt at unix time `now`, with one signature per secret.

    The signatures keep the order of `secrets`, newest first.
    """
    moment, text = datetime.fromtimestamp(now, UTC), body.decode()
    signatures = [Webhook(secret).sign(delivery_id, moment, text) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }
