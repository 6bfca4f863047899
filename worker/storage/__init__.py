"""The infrastructure: objects in S3; jobs, leases, streams, pose logs and keys in Redis."""
