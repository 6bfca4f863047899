"""SSE/WebSocket: one reader of Redis streams, many subscribers."""
