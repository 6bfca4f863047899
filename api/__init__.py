"""The HTTP API, its clients and the upload page.

Imports of `worker` only what accepts, stores, queues and ends jobs, never the pipeline.
"""
