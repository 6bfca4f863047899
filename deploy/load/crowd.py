"""Many tenants at once: jobs accepted as fast as may be, and event streams on them.

    python deploy/load/crowd.py --keys keys.txt --upload clip.mp4 --jobs 1000 --tails 200 URL...

Takes a line for each tenant's API key from `keys.txt`, and the URLs of the API's processes in turn.
It speaks bare HTTP/1.1 over kept connections, so that it costs a fraction of what it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.client import PoseQueue


@dataclass(frozen=True)
class Tenant:
    """An API key, and the id of an upload that the tenant's jobs read."""

    key: str
    upload: str


@dataclass
class Job:
    """An accepted job: its tenant's index, the API process that was asked, the seconds that its
    request took; the unix time at which its stream said `done`, 0 where none was open."""

    id: str
    tenant: int
    server: str
    took_s: float
    done_at: float = field(default=0.0)


class Refused(RuntimeError):
    """The API did not accept a job, or a stream did not open."""


async def accept(
    servers: Sequence[str], tenants: Sequence[Tenant], order: Sequence[int], clients: int
) -> list[Job]:
    """Creates a job for each tenant index of `order`, in that order, from `clients` connections
    that never wait; raises Refused."""
    rest = iter(range(len(order)))
    jobs: list[Job | None] = [None] * len(order)

    async def client(number: int) -> None:
        server = servers[number % len(servers)]
        place = urlsplit(server)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for at in rest:
            tenant = tenants[order[at]]
            given = {"input": {"uploadId": tenant.upload}, "options": {"exercise": "squat"}}
            body = json.dumps(given).encode()
            lines = (
                f"POST /v1/jobs HTTP/1.1\r\nHost: {place.netloc}",
                f"Authorization: Bearer {tenant.key}\r\nIdempotency-Key: {uuid.uuid4()}",
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n",
            )
            began = time.monotonic()
            writer.write("\r\n".join(lines).encode() + body)
            status, answer = await _answer(reader)
            if status != 202:
                raise Refused(f"{status}: {answer!r}")
            name = str(json.loads(answer)["id"])
            jobs[at] = Job(name, order[at], server, time.monotonic() - began)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(number))
    return [job for job in jobs if job is not None]


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    size = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(size)


async def open_stream(job: Job, key: str) -> asyncio.Task[None]:
    """Opens a job's event stream; the task ends at `done`, whose time it notes."""
    place = urlsplit(job.server)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    lines = (
        f"GET /v1/jobs/{job.id}/messages HTTP/1.1\r\nHost: {place.netloc}",
        f"Accept: text/event-stream\r\nAuthorization: Bearer {key}\r\n\r\n",
    )
    writer.write("\r\n".join(lines).encode())
    head = await reader.readuntil(b": connected\n\n")
    if b" 200 " not in head[:20]:
        raise Refused(head.decode())

    async def read() -> None:
        said = b""
        while b"event: done" not in said:
            more = await reader.read(1 << 16)
            if not more:
                raise Refused(f"the stream of {job.id} ended without `done`")
            said = said[-11:] + more
        job.done_at = time.time()
        writer.close()

    return asyncio.create_task(read())


async def _run(given: argparse.Namespace) -> dict[str, Any]:
    tenants = []
    for key in Path(given.keys).read_text().split():
        with PoseQueue(given.servers[0], key) as client:
            tenants.append(Tenant(key, client.upload(Path(given.upload))))
    order = [number % len(tenants) for number in range(given.jobs)]
    began = time.monotonic()
    jobs = await accept(given.servers, tenants, order, given.clients)
    seconds = time.monotonic() - began
    tailed = jobs[:: max(1, len(jobs) // given.tails)][: given.tails] if given.tails else []
    streams = [await open_stream(job, tenants[job.tenant].key) for job in tailed]
    await asyncio.gather(*streams)
    cuts = statistics.quantiles([job.took_s for job in jobs], n=100, method="inclusive")
    return {
        "jobs a second accepted": round(len(jobs) / seconds, 1),
        "seconds of a create, p50 and p99": [round(cuts[49], 4), round(cuts[98], 4)],
        "streams followed to `done`": len(streams),
        "seconds from the first create to the last": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Reads the arguments, loads the system, prints what came of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keys", required=True, help="file with an API key a line")
    parser.add_argument("--upload", required=True, help="the clip of every job")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--tails", type=int, default=200, help="event streams open at once")
    parser.add_argument("--clients", type=int, default=16, help="connections that create jobs")
    parser.add_argument("servers", nargs="+", help="URLs of API processes")
    json.dump(asyncio.run(_run(parser.parse_args())), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
