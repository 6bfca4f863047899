"""What must hold whatever befell the system; each function tells its violations in words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
from standardwebhooks import Webhook

from tests.chaos.fleet import TENANT, Fleet
from tests.chaos.load import Accepted, Load, Rows
from tests.integration.hostile import Told, heard_of
from tests.integration.receivers import Heard
from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import PER_FRAME, entry_key
from worker.storage import keys
from worker.storage.objects.object_keys import job_prefix

EVENTS = ("job.queued", "job.started", "job.succeeded", "job.failed", "job.canceled",
          "message.counter", "message.exercise_summary", "message.export_ready",
          "message.image_overlay", "message.done")  # fmt: skip
_FINAL = {"job.succeeded", "job.failed", "job.canceled"}
_LINKS = ("url", "expiresAt")


def same(one: Rows, other: Rows) -> bool:
    """Whether two streams are the same byte for byte, but for links."""
    return _plain(one) == _plain(other)


def _plain(rows: Rows) -> list[tuple[str, str, object]]:
    return [(entry, kind, _without_links(data)) for entry, kind, data in rows]


def _without_links(data: bytes) -> object:
    if not any(b'"%s":' % name.encode() in data for name in _LINKS):
        return data
    message = msgspec.json.decode(data)
    return {name: value for name, value in message.items() if name not in _LINKS}


def of_states(fleet: Fleet, load: Load, listed: list[Job]) -> Iterator[str]:
    """Every accepted job is there and has succeeded; no key made two."""
    known = {job.id: job for job in listed}
    for accepted in load.jobs.values():
        job = known.get(accepted.id)
        if job is None:
            yield f"{accepted.kind} {accepted.id} was accepted and is gone"
    numbers: dict[str, str] = {}
    for job in listed:
        if job.status is not JobStatus.SUCCEEDED:
            yield f"{job.id} is {job.status.value} after {job.attempt} attempts: {job.error}"
        number = str((job.metadata or {}).get("number", ""))
        if number and numbers.setdefault(number, job.id) != job.id:
            yield f"{job.id} and {numbers[number]} were made with one Idempotency-Key"


def of_streams(fleet: Fleet, load: Load, undisturbed: dict[str, Rows]) -> Iterator[str]:
    """Each is the undisturbed run's, in order, nothing twice; and so is its archive."""
    for accepted in load.jobs.values():
        rows = list(fleet.stores.streams.scan(accepted.id))
        if not same(rows, undisturbed[accepted.kind]):
            yield f"the stream of {_named(accepted)} is not that of an undisturbed run" + _first(
                rows, undisturbed[accepted.kind]
            )
        places = [entry_key(entry) for entry, _, _ in rows]
        if any(later <= earlier for earlier, later in pairwise(places)):
            yield f"the stream of {_named(accepted)} is out of order"
        if list(_archived(fleet, accepted.id)) != rows:
            yield f"the archive of {_named(accepted)} is not its stream"


def _first(rows: Rows, other: Rows) -> str:
    """Where two streams part."""
    for one, two in zip(_plain(rows), _plain(other), strict=False):
        if one != two:
            return f": {str(one)[:300]} instead of {str(two)[:300]}"
    return f": {len(rows)} messages instead of {len(other)}"


def _archived(fleet: Fleet, job_id: str) -> Rows:
    """A job's archive, read as if the stream were cold."""
    key = job_prefix(TENANT, job_id) + "messages.jsonl"
    found: Rows = []
    for line in fleet.stores.objects.get(key).splitlines():
        row = msgspec.json.decode(line, type=_Line)
        found.append((row.id, row.type, bytes(row.message)))
    return found


class _Line(msgspec.Struct):
    id: str
    type: str
    message: msgspec.Raw


def of_exports(fleet: Fleet, load: Load, undisturbed: dict[str, list[str]]) -> Iterator[str]:
    """Every export that is told of is whole: the same bytes as the undisturbed run's."""
    for accepted in load.jobs.values():
        if (found := digests(fleet, accepted.id)) != undisturbed[accepted.kind]:
            yield f"the exports of {_named(accepted)} are {found}, not {undisturbed[accepted.kind]}"


def digests(fleet: Fleet, job_id: str) -> list[str]:
    """Kind, type, size and digest of a job's exports."""
    told = []
    for export in fleet.stores.jobs.get(job_id).exports:
        data = fleet.stores.objects.get(export.key)
        whole = "" if len(data) == export.bytes else f" of {export.bytes}"
        digest = hashlib.sha256(data).hexdigest()[:12]
        told.append(f"{export.kind} {export.mimeType} {len(data)}{whole} {digest}")
    return told


def of_firehose(fleet: Fleet, listed: list[Job]) -> Iterator[str]:
    """Every event of every job is there, and of each job one end."""
    heard: dict[str, set[tuple[str, str]]] = {}
    for partition in keys.partitions(fleet.stores.settings.firehose_partitions):
        for _, fields in fleet.stores.redis.xrange(partition):
            job, kind = fields[b"job"].decode(), fields[b"type"].decode()
            heard.setdefault(job, set()).add((kind, fields[b"id"].decode()))
    for job in listed:
        got = heard.get(job.id, set())
        ends = {kind for kind, _ in got} & _FINAL
        if ends != {"job.succeeded"}:
            yield f"the firehose tells of the ends {sorted(ends)} of {job.id}"
        wanted = {
            (kind, entry)
            for entry, kind, _ in fleet.stores.streams.scan(job.id)
            if kind not in PER_FRAME or job.options.firehose == "all"
        }
        if lacking := wanted - got:
            yield f"the firehose lacks {sorted(lacking)[:3]} of {job.id}"


def wanted_of(fleet: Fleet, job_id: str) -> list[Told]:
    """What a receiver is to hear of a job that succeeded, in order."""
    rows = fleet.stores.streams.scan(job_id)
    told = [(f"message.{kind}", job_id, entry) for entry, kind, _ in rows]
    said = [one for one in told if one[0] in EVENTS]
    return [("job.queued", job_id, ""), ("job.started", job_id, ""), *said,
            ("job.succeeded", job_id, "")]  # fmt: skip


def signed_well(one: Heard, secret: str) -> bool:
    """Whether a request bears our signature. Its time is the attempt's, and we look minutes later:
    how old it is says nothing here."""
    at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    mine = Webhook(secret).sign(one.headers["webhook-id"], at, one.body)
    return mine in one.headers["webhook-signature"].split()


def of_webhooks(fleet: Fleet, heard: list[Heard], secret: str, listed: list[Job]) -> Iterator[str]:
    """Every event at least once, signed, each under one webhook-id, and nothing else."""
    names: dict[tuple[Told, ...], str] = {}
    came: dict[str, set[Told]] = {}
    for one in heard:
        if not signed_well(one, secret):
            yield f"the signature of {one.headers['webhook-id']} is not ours"
        told, name = tuple(heard_of(one.event)), one.headers["webhook-id"]
        if names.setdefault(told, name) != name:
            yield f"{told} came as {name} and as {names[told]}"
        for event in told:
            came.setdefault(event[1], set()).add(event)
    if len(set(names.values())) != len(names):
        yield "one webhook-id was used for several events"
    for job in listed:
        wanted, got = set(wanted_of(fleet, job.id)), came.get(job.id, set())
        if wanted - got:
            yield f"no webhook told {sorted(wanted - got)[:3]} of {job.id}"
        if got - wanted:
            yield f"webhooks told {sorted(got - wanted)[:3]} of {job.id}, which never was"


def _named(accepted: Accepted) -> str:
    return f"{accepted.kind} {accepted.number} ({accepted.id})"
