"""Broker connections that are retried every second, however long the outage.

Celery's own back off by two more seconds each time, up to half a minute: after a long outage
workers would stay idle for that long although the broker is back.
"""

from __future__ import annotations

from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

AGAIN_S = 1


class SteadyConnection(Connection):
    """A kombu connection that is retried at a constant interval."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connects, retrying every AGAIN_S seconds unless the caller sets other intervals."""
        even = {"interval_start": AGAIN_S, "interval_step": 0, "interval_max": AGAIN_S}
        return super().ensure_connection(*args, **{**even, **options})  # type: ignore[no-untyped-call]


class SteadyAmqp(AMQP):  # type: ignore[misc]
    """Celery's messaging over `SteadyConnection`."""

    Connection = SteadyConnection
