"""Streaming of messages by SSE and WebSocket: one reader of Redis streams, many subscribers."""
