"""Runs one job on a worker: lease, stages, commits, segments shared with other workers."""
