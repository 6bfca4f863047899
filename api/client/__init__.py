"""The Python client of PoseQueue: `PoseQueue` and, for asyncio, `AsyncPoseQueue`.

Installs on its own (`pip install ./api/client`) as `posequeue_client`, without the servers' code.
"""

from __future__ import annotations

from .sync_client import AsyncPoseQueue, PoseQueue, Refused, job_body, verify_webhook

__all__ = ["AsyncPoseQueue", "PoseQueue", "Refused", "job_body", "verify_webhook"]
