"""Archives messages and poses of a finished job in S3, and reads them from Redis or S3.

The archive has one line per message, `{"id":…,"type":…,"message":…}`, with the ids of the stream,
so that a reader can resume across the change.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator

import msgspec

from worker.contract.messages import entry_key
from worker.contract.pose_log import framed, split_log
from worker.storage.errors import NotFound
from worker.storage.jobs.streams import Row
from worker.storage.objects.object_keys import job_prefix
from worker.storage.stores import Stores

_POSES = "poses.bin"
_MESSAGES = "messages.jsonl"


class _Line(msgspec.Struct, frozen=True):
    id: str
    type: str
    message: msgspec.Raw


def store_pieces(stores: Stores, key: str, parts: Iterable[bytes], content_type: str) -> None:
    """Stores the joined `parts` as one object of any size, through an unnamed temporary file."""
    with tempfile.TemporaryFile(dir=stores.settings.scratch_dir) as file:
        for part in parts:
            file.write(part)
        file.seek(0)
        stores.objects.put_open(key, file, content_type)


def archive_messages(stores: Stores, tenant: str, job_id: str) -> None:
    """Copies all messages of a finished job to S3."""
    lines = (
        msgspec.json.encode(_Line(entry_id, kind, msgspec.Raw(data))) + b"\n"
        for entry_id, kind, data in stores.streams.scan(job_id)
    )
    key = job_prefix(tenant, job_id) + _MESSAGES
    store_pieces(stores, key, lines, "application/x-ndjson")


def archive_poses(stores: Stores, tenant: str, job_id: str) -> None:
    """Copies the pose log of a job to S3."""
    entries = map(framed, stores.poses.read(job_id))
    store_pieces(stores, job_prefix(tenant, job_id) + _POSES, entries, "application/octet-stream")


def read_poses(stores: Stores, tenant: str, job_id: str) -> list[bytes]:
    """Returns the entries of a pose log from Redis, else from S3; empty where there is none."""
    hot = list(stores.poses.read(job_id))
    if hot:
        return hot
    try:
        return split_log(stores.objects.get(job_prefix(tenant, job_id) + _POSES))
    except NotFound:
        return []


def scan_messages(stores: Stores, tenant: str, job_id: str, after: str = "0-0") -> Iterator[Row]:
    """Yields a job's messages after an entry id, from the Redis stream, else from the archive."""
    if stores.streams.hot(job_id):
        yield from stores.streams.scan(job_id, after)
        return
    floor = entry_key(after)
    try:
        for line in stores.objects.lines(job_prefix(tenant, job_id) + _MESSAGES):
            row = msgspec.json.decode(line, type=_Line)
            if entry_key(row.id) > floor:
                yield row.id, row.type, bytes(row.message)
    except NotFound:
        return


def read_messages(
    stores: Stores,
    tenant: str,
    job_id: str,
    *,
    after: str = "0-0",
    limit: int = 100,
    types: frozenset[str] | None = None,
) -> list[Row]:
    """Returns up to `limit` messages after an entry id, only of `types` where given."""
    rows = scan_messages(stores, tenant, job_id, after)
    wanted = (row for row in rows if types is None or row[1] in types)
    return list(itertools.islice(wanted, limit))
