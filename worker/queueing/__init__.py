"""The Celery app, names of queues and tasks, and the dispatch from fair queues to workers."""
