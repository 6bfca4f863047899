"""Persistence: objects in S3; jobs, leases, queues, streams, pose logs and API keys in Redis."""
