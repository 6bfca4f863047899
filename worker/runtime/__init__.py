"""The worker process: Celery tasks and signals, housekeeping, self-checks, quarantine."""
