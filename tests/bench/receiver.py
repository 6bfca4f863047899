"""A process of many webhook receivers that note when each event came; `python -m` with COUNT.

It says its COUNT ports in a line of JSON and does as little as a receiver can. On any of them,
`GET /count` answers how many events have come, `GET /times` `{entry id: unix time}` of those that
bear one; `GET /forget` begins at zero again.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

_ENTRY = re.compile(rb'"id":"(\d+-\d+)"')
_OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receivers:
    """What has come."""

    def __init__(self) -> None:
        self.count = 0
        self.times: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open by whoever made it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = re.search(rb"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(size[1])) if size else b""
                writer.write(self._answer(head, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"POST"):
            self.count += 1
            if entry := _ENTRY.search(body):
                self.times[entry[1].decode()] = time.time()
            return _OK
        if b" /forget" in head:
            self.count, self.times = 0, {}
        said = json.dumps(self.times if b" /times" in head else self.count).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)


async def _main(count: int) -> None:
    receivers = Receivers()
    servers = [await asyncio.start_server(receivers.serve, "127.0.0.1", 0) for _ in range(count)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
