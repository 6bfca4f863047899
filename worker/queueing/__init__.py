"""Celery app, names of queues and tasks, the dispatcher from fair queue to workers."""
