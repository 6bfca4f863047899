"""Re-analysis on the running system: `POST /v1/jobs/{id}/analyze` to `done`, on 12 minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.bench.context import EXERCISE, HOLD, JUMP, Context
from tests.bench.measure import Cost, in_turns, spread
from tests.bench.motion_cost import lengthened
from tests.bench.report import Row, Section, row
from worker.contract.pose_log import split_log
from worker.contract.poses import decode_head
from worker.storage import keys
from worker.storage.stores import Stores

MEDIA_S = 720.0


@dataclass(frozen=True)
class Long:
    """A finished job with a long pose log, and the seconds of media in it."""

    job_id: str
    media_s: float


def measure(context: Context) -> Section:
    """The section `reanalysis`."""
    stores = context.system.stores
    with Client(context.system) as client:
        longs = {
            EXERCISE: _long(context, client, context.pose_log),
            "plank": _long(context, client, context.poses_of(HOLD, "plank")),
            "air_time_jump": _long(context, client, context.poses_of(JUMP, "air_time_jump")),
        }
        asked: dict[str, tuple[Long, dict[str, Any]]] = {
            f"{name} alone": (long, {"exercise": name}) for name, long in longs.items()
        }
        joints = {"exercise": EXERCISE, "keypoints": True, "angles": True}
        asked[f"{EXERCISE}, keypoints and angles"] = (longs[EXERCISE], joints)
        for long, options in asked.values():
            _timed(client, stores, long, options)
        context.say("POST analyze to done, in turns")
        runs = in_turns(
            context.rounds(9, 3),
            {
                name: (lambda long=long, options=options: _timed(client, stores, long, options))  # type: ignore[misc]
                for name, (long, options) in asked.items()
            },
        )
    rows: list[Row] = []
    for name, costs in runs.items():
        media_s = asked[name][0].media_s
        rows.append(row(name, spread([media_s / c.wall_s for c in costs]), "x real time",
                        "≥ 500", digits=0))  # fmt: skip
        rows.append(row("· by the clock", spread([c.wall_s for c in costs]), "s"))
        rows.append(row("· processor of the worker", spread([c.cpu_s for c in costs]), "CPU-s"))
    notes = (
        f"{MEDIA_S / 60:.0f} minutes: a clip's poses so many times over, in Redis as those of a "
        "job that succeeded lately. From sending `POST /v1/jobs/{id}/analyze` to reading `done` "
        "off the Redis stream, with every message read on the way; client, API, Valkey and worker "
        "share the machine. The processor's seconds are those the job's own `usage` says.",
    )
    return Section("reanalysis", "Re-analysis on the running system", tuple(rows), notes)


def _long(context: Context, client: Client, poses: Path) -> Long:
    """A job that the system ran, its log taken for a long one."""
    log = split_log(poses.read_bytes())
    times = round(MEDIA_S * 1000 / decode_head(log[0]).media.duration_ms)
    log = lengthened(log, times)
    job_id = client.create(client.upload(context.one_frame), exercise=EXERCISE)
    client.finish(job_id)
    with context.system.stores.redis.pipeline(transaction=True) as pipe:
        pipe.delete(keys.poses(job_id))
        pipe.rpush(keys.poses(job_id), *log)
        pipe.execute()
    return Long(job_id, decode_head(log[0]).media.duration_ms / 1000)


def _timed(client: Client, stores: Stores, long: Long, options: dict[str, Any]) -> Cost:
    job_id, seconds = client.again(long.job_id, **options)
    usage = stores.jobs.get(job_id).usage
    stores.redis.delete(keys.messages(job_id), keys.poses(job_id))
    return Cost(usage.computeSeconds if usage else 0.0, seconds)
