"""Stored messages as a client reads them: in its edition, with URLs signed at the read."""

from __future__ import annotations

from typing import Any

import msgspec

from api.views import expiry
from worker.contract.editions import Edition, view
from worker.contract.jobs import Job
from worker.store.bundle import Stores
from worker.store.objects import job_prefix, key_in_url
from worker.store.streams import Row

_WITH_URL = frozenset({"export_ready", "keypoints_batch", "image_overlay"})


class Renderer:
    """Renders the messages of one job for one client."""

    def __init__(self, stores: Stores, job: Job, edition: Edition) -> None:
        self._stores = stores
        self._edition = edition
        self._prefix = job_prefix(job.tenant, job.id)

    def views(self, row: Row) -> list[Row]:
        """The message of a row as it is shown: one row, seldom two of the same id."""
        entry_id, kind, data = row
        if self._edition is Edition.V3 and kind not in _WITH_URL:
            return [row]
        plain: dict[str, Any] = msgspec.json.decode(data)
        if kind in _WITH_URL:
            self._sign(plain)
        return [
            (entry_id, str(seen["type"]), msgspec.json.encode(seen))
            for seen in view(plain, self._edition)
        ]

    def _sign(self, plain: dict[str, Any]) -> None:
        """A URL of an object of this job is signed again; others are left as they are."""
        url = plain.get("url")
        key = key_in_url(url, self._prefix) if isinstance(url, str) else None
        if key is None:
            return
        ttl_s = self._stores.settings.read_url_ttl_s
        plain["url"] = self._stores.objects.presign_get(key, ttl_s)
        if "expiresAt" in plain:
            plain["expiresAt"] = expiry(ttl_s)
