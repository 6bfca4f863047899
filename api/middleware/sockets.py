"""A limit of what the client of a WebSocket sends."""

from __future__ import annotations

from asyncio import BaseTransport

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

FREE_BYTES = 64 * 1024
"""A client sends its handshake and its key, and from then on little: pings and answers to ours."""
BYTES_A_SECOND = 1024


class BoundedSocket(WebSocketsSansIOProtocol):
    """A WebSocket that is closed where its client sends more than FREE_BYTES and BYTES_A_SECOND.

    Answers to pings wait in memory until they are read, and a message in empty pieces takes time
    for each of them, also before the client has shown a key.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        """Starts counting."""
        self._since = self.loop.time()
        self._received = 0
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Passes bytes to the parser, as many as are allowed."""
        self._received += len(data)
        if self._received > FREE_BYTES + BYTES_A_SECOND * (self.loop.time() - self._since):
            self.transport.abort()
        else:
            super().data_received(data)
