"""Renders stored messages for a client: in its edition, with freshly signed URLs."""

from __future__ import annotations

from typing import Any

import msgspec

from worker.contract.editions import FOLLOWS, Edition, stored_types, view
from worker.contract.jobs import Job
from worker.storage.jobs.streams import Row
from worker.storage.jobs.view import WITH_URL, refresh_presigned_url
from worker.storage.stores import Stores


class Renderer:
    """Renders the messages of one job for one client, which may have asked for some types only."""

    def __init__(
        self, stores: Stores, job: Job, edition: Edition, types: frozenset[str] | None = None
    ) -> None:
        self._stores = stores
        self._edition = edition
        self._job = job
        self._types = types
        self.stored = None if types is None else stored_types(types)
        """Types of the stored messages that are to be read; None for all."""

    def views(self, row: Row) -> list[Row]:
        """Returns the message of a row in the edition: one row, in some editions two of one id,
        none where its type is not wanted."""
        entry_id, kind, data = row
        if self.stored is not None and kind not in self.stored:
            return []
        if self._edition is Edition.V3 and kind not in WITH_URL:
            return [row] if self._wants(kind) else []
        plain: dict[str, Any] = msgspec.json.decode(data)
        if kind in WITH_URL:
            settings = self._stores.settings
            ttl_s = settings.stream_url_ttl_s
            refresh_presigned_url(self._stores.objects, self._job, plain, ttl_s)
        return [
            (entry_id, str(seen["type"]), msgspec.json.encode(seen))
            for seen in view(plain, self._edition)
            if self._wants(seen["type"])
        ]

    def _wants(self, kind: str) -> bool:
        # what comes behind a wanted message comes with it
        return self._types is None or bool({kind, FOLLOWS.get(kind)} & self._types)
