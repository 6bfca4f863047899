"""The Python client, sync and async (a name for the wheel: posequeue_client)."""
