"""The system that `posequeue up` started on this machine: its address, key and servers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FILE = "client.json"


def known_system() -> dict[str, Any]:
    """What `up` has written of a running system: `server`, `key`, and the `environment` by which
    its servers are reached; empty where none runs."""
    path = Path(os.environ.get("POSEQUEUE_DATA_DIR", ".posequeue")) / FILE
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def use_local_servers() -> None:
    """Lets this process use Redis and S3 of the running system, unless a setting names others."""
    from worker.settings import settings

    if "redis_url" not in settings().model_fields_set:
        os.environ.update(known_system().get("environment", {}))
        settings.cache_clear()
