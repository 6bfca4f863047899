"""Renders stored messages for a client: in its edition, with freshly signed URLs."""

from __future__ import annotations

from typing import Any

import msgspec

from worker.contract.editions import Edition, view
from worker.contract.jobs import Job
from worker.storage.jobs.streams import Row
from worker.storage.jobs.view import WITH_URL, refresh_presigned_url
from worker.storage.stores import Stores


class Renderer:
    """Renders the messages of one job for one client."""

    def __init__(self, stores: Stores, job: Job, edition: Edition) -> None:
        self._stores = stores
        self._edition = edition
        self._job = job

    def views(self, row: Row) -> list[Row]:
        """Returns the message of a row in the edition: one row, in some editions two of one id."""
        entry_id, kind, data = row
        if self._edition is Edition.V3 and kind not in WITH_URL:
            return [row]
        plain: dict[str, Any] = msgspec.json.decode(data)
        if kind in WITH_URL:
            settings = self._stores.settings
            ttl_s = settings.stream_url_ttl_s
            refresh_presigned_url(self._stores.objects, self._job, plain, ttl_s)
        return [
            (entry_id, str(seen["type"]), msgspec.json.encode(seen))
            for seen in view(plain, self._edition)
        ]
