"""ASGI middleware, the server's protocol and exception handlers."""
