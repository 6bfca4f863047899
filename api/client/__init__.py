"""The Python client of PoseQueue: `PoseQueue` and, for event loops, `AsyncPoseQueue`.

It installs alone (`pip install ./api/client`) under the name `posequeue_client` and imports nothing
of the servers.
"""

from __future__ import annotations

from .sync_client import AsyncPoseQueue, PoseQueue, Refused, job_body, verify_webhook

__all__ = ["AsyncPoseQueue", "PoseQueue", "Refused", "job_body", "verify_webhook"]
