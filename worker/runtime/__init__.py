"""What runs in a worker process: Celery tasks, signals, housekeeping, quarantine."""
