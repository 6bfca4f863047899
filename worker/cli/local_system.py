"""The system that `posequeue up` started on this machine: its address, key and servers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FILE = "client.json"
SERVERS = ("POSEQUEUE_REDIS_", "POSEQUEUE_S3_")
"""How the settings of servers begin; the file may set no others."""


def known_system() -> dict[str, Any]:
    """What `up` has written of a running system: `server`, `key`, and the `environment` by which
    its servers are reached; empty where none runs."""
    path = Path(os.environ.get("POSEQUEUE_DATA_DIR", ".posequeue")) / FILE
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def use_local_servers() -> None:
    """Lets this process use Redis and S3 of the running system, unless settings name others."""
    from worker.settings import PREFIX, settings

    given = settings().model_fields_set
    if "redis_url" in given:
        return
    for name, text in known_system().get("environment", {}).items():
        if name.startswith(SERVERS) and name.removeprefix(PREFIX).lower() not in given:
            os.environ[name] = text
    settings.cache_clear()
