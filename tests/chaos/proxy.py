"""A TCP proxy on loopback that does to connections what networks do: it refuses, resets, delays,
cuts short, or answers HTTP requests with 503."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal

_BLOCK = 65_536
_BUSY = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: 84\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
_BUSY = _BUSY.replace(b"84", b"%d" % len(_BUSY.partition(b"\r\n\r\n")[2]))
_CALL_S = 20.0

Way = Literal["up", "down"]


class _Connection:
    """Both halves of a connection and how many bytes went each way since the other way's last."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writers = [writer]
        self.passed: dict[Way, int] = {"up": 0, "down": 0}

    def reset(self) -> None:
        """Ends it without a farewell (RST)."""
        for writer in self.writers:
            with suppress(OSError):
                raw: socket.socket = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def close(self) -> None:
        """Ends it in order, after what was written."""
        for writer in self.writers:
            writer.close()


class Proxy:
    """Passes everything on to `target`, until it is told otherwise; `heal` is the way back."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._delay_s = 0.0
        self._limits: dict[Way, int] = {}
        self._busy = False
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True).start()
        self.port = 0
        self._call(self._listen())

    def refuse(self) -> None:
        """Nobody listens any more, and whoever was connected is reset."""
        self._call(self._unlisten())
        self.reset()

    def reset(self) -> None:
        """Ends every connection by RST."""
        self._soon(lambda: [one.reset() for one in list(self._connections)])

    def slow(self, delay_s: float) -> None:
        """Every piece comes so much later."""
        self._delay_s = delay_s

    def busy(self) -> None:
        """Every HTTP request is answered with 503."""
        self._busy = True
        self.reset()

    def truncate(self, up: int, down: int) -> None:
        """A request's, or an answer's, bytes end after so many, and so does the connection."""
        self._limits = {"up": up, "down": down}

    def heal(self) -> None:
        """As if nothing had been."""
        self._delay_s, self._busy, self._limits = 0.0, False, {}
        if self._server is None:
            self._call(self._listen())

    def stop(self) -> None:
        """Ends it."""
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_S)

    def _soon(self, act: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(act)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        self._connections.add(connection)
        try:
            if self._busy:
                await self._answer_busy(reader, writer)
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            connection.writers.append(far_writer)
            pumps = [
                asyncio.ensure_future(self._pump(connection, "up", reader, far_writer)),
                asyncio.ensure_future(self._pump(connection, "down", far_reader, writer)),
            ]
            _, others = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in others:
                pump.cancel()
        except OSError:
            connection.reset()
        finally:
            connection.close()
            self._connections.discard(connection)

    async def _answer_busy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """The answer comes before the body, which is taken and thrown away, for a moment."""
        with suppress(
            asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError
        ):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_BUSY)
            await writer.drain()
            async with asyncio.timeout(0.2):
                while await reader.read(_BLOCK):
                    pass

    async def _pump(
        self,
        connection: _Connection,
        way: Way,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
    ) -> None:
        other: Way = "down" if way == "up" else "up"
        with suppress(OSError):
            while data := await source.read(_BLOCK):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                connection.passed[other] = 0
                room = self._limits.get(way, len(data) + connection.passed[way])
                data = data[: max(0, room - connection.passed[way])] if self._limits else data
                connection.passed[way] += len(data)
                sink.write(data)
                await sink.drain()
                if self._limits and connection.passed[way] >= room:
                    return
