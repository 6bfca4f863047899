"""Connections to the broker that are tried again every second, for however long it was away.

Celery's own wait two seconds more each time, up to half a minute: after a long outage workers would
stand idle for that long beside a server that answers.
"""

from __future__ import annotations

from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

AGAIN_S = 1


class SteadyConnection(Connection):
    """Kombu's, with even pauses."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connects; what the caller says of pauses comes first."""
        even = {"interval_start": AGAIN_S, "interval_step": 0, "interval_max": AGAIN_S}
        return super().ensure_connection(*args, **{**even, **options})  # type: ignore[no-untyped-call]


class SteadyAmqp(AMQP):  # type: ignore[misc]
    """Celery's messaging with such connections."""

    Connection = SteadyConnection
