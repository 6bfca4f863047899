"""Faults of what our processes lean on: Redis, S3, the network between, the scratch disk."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.chaos.faults import Fault
from tests.chaos.fleet import Fleet
from worker.embedded.servers import start_redis
from worker.queueing.celery_app import KEY_PREFIX
from worker.storage import keys

PAUSE_S = 10.0
_BLOCK = b"\0" * 65_536


def kill_redis(fleet: Fleet, random: Random) -> None:
    """Valkey is killed and comes back with its append-only file."""
    fleet.redis.process.kill()
    fleet.hold(random.uniform(0, 3))
    fleet.redis = start_redis(Path(fleet.redis.process.log).parent, fleet.redis_port)
    fleet.note_server(fleet.redis.process)


def pause_redis(fleet: Fleet, random: Random) -> None:
    """Valkey stands still."""
    pid = fleet.redis.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        _wait(PAUSE_S)
    finally:
        os.kill(pid, signal.SIGCONT)


def _wait(seconds: float) -> None:
    """Without looking after anybody: that asks Redis."""
    time.sleep(seconds)


def reset_redis(fleet: Fleet, random: Random) -> None:
    """Every connection to Valkey is reset, again and again."""
    for _ in range(random.randint(3, 8)):
        fleet.redis_proxy.reset()
        fleet.hold(random.uniform(0.2, 1.2))


def fill_redis(fleet: Fleet, random: Random) -> None:
    """Valkey is out of memory: it reads, and takes nothing more."""
    fleet.stores.redis.config_set("maxmemory", "1mb")
    try:
        fleet.hold(random.uniform(4, 8))
    finally:
        fleet.stores.redis.config_set("maxmemory", "0")


def strand_redis(fleet: Fleet, random: Random) -> None:
    """Valkey has lost its replicas: it reads, and takes no writes."""
    fleet.stores.redis.config_set("min-replicas-to-write", 1)
    try:
        fleet.hold(random.uniform(4, 8))
    finally:
        fleet.stores.redis.config_set("min-replicas-to-write", 0)


def forget_running(fleet: Fleet, random: Random) -> None:
    """The list of running jobs is gone."""
    fleet.stores.redis.delete(keys.RUNNING)


def forget_queue(fleet: Fleet, random: Random) -> None:
    """Every key of the fair queue is gone."""
    found = list(fleet.stores.redis.scan_iter("pq:{wait}:*", count=1000))
    if found:
        fleet.stores.redis.delete(*found)


def lose_wakeups(fleet: Fleet, random: Random) -> None:
    """Every key of the broker is gone: wake-ups, and those that workers have not acknowledged."""
    found = list(fleet.stores.redis.scan_iter(f"{KEY_PREFIX}*", count=1000))
    if found:
        fleet.stores.redis.delete(*found)


def flush_scripts(fleet: Fleet, random: Random) -> None:
    """Valkey has forgotten every script, again and again."""
    for _ in range(random.randint(3, 8)):
        fleet.stores.redis.script_flush()
        fleet.hold(random.uniform(0.2, 1.0))


def slow_redis(fleet: Fleet, random: Random) -> None:
    """Every answer of Valkey comes 50 ms later, as from another continent."""
    fleet.redis_proxy.slow(0.025)
    fleet.hold(random.uniform(6, 10))
    fleet.redis_proxy.heal()


def fill_redis_disk(fleet: Fleet, random: Random) -> None:
    """The disk of the append-only file is full: Valkey takes no writes (MISCONF)."""
    _filled(fleet, Path(fleet.redis.process.log).parent / "filler", random.uniform(5, 10))


def cut_log(fleet: Fleet, random: Random) -> None:
    """Valkey is killed in the middle of a write to its append-only file, and comes back without
    it: a command that is not whole is cut off."""
    fleet.redis.process.kill()
    folder = Path(fleet.redis.process.log).parent / "appendonlydir"
    newest = max(folder.glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
    with newest.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$5\r\nbro")
    fleet.redis = start_redis(Path(fleet.redis.process.log).parent, fleet.redis_port)
    fleet.note_server(fleet.redis.process)


def pause_s3(fleet: Fleet, random: Random) -> None:
    """S3 stands still: it takes connections, and says nothing."""
    pid = fleet.s3.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        fleet.hold(random.uniform(6, 10))
    finally:
        os.kill(pid, signal.SIGCONT)


def lose_s3(fleet: Fleet, random: Random) -> None:
    """S3 refuses connections."""
    fleet.s3_proxy.refuse()
    fleet.hold(random.uniform(5, 10))
    fleet.s3_proxy.heal()


def slow_s3(fleet: Fleet, random: Random) -> None:
    """Every 64 KiB to or from S3 come half a second later."""
    fleet.s3_proxy.slow(0.5)
    fleet.hold(random.uniform(6, 10))
    fleet.s3_proxy.heal()


def busy_s3(fleet: Fleet, random: Random) -> None:
    """S3 answers 503."""
    fleet.s3_proxy.busy()
    fleet.hold(random.uniform(5, 10))
    fleet.s3_proxy.heal()


def truncate_s3(fleet: Fleet, random: Random) -> None:
    """Bodies from and to S3 end early."""
    fleet.s3_proxy.truncate(up=random.randint(2_000, 30_000), down=random.randint(1_000, 8_000))
    fleet.hold(random.uniform(5, 10))
    fleet.s3_proxy.heal()


def fill_disk(fleet: Fleet, random: Random) -> None:
    """The scratch folder's disk is full."""
    _filled(fleet, fleet.scratch / "filler", random.uniform(5, 10))


def fill_s3_disk(fleet: Fleet, random: Random) -> None:
    """The disk of S3 is full: it answers 500 to whoever stores."""
    _filled(fleet, Path(fleet.s3.process.log).parent / "filler", random.uniform(5, 10))


def _filled(fleet: Fleet, filler: Path, seconds: float) -> None:
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(_BLOCK):
                pass
        fleet.hold(seconds)
    finally:
        filler.unlink(missing_ok=True)


def _no_disk(fleet: Fleet) -> str:
    return "" if fleet.tmpfs else "no file system can be mounted here (only root may)"


SERVER_FAULTS = (
    Fault("kill -9 of Valkey, restarted (AOF)", kill_redis),
    Fault("SIGSTOP of Valkey for 10 s", pause_redis),
    Fault("connections to Valkey reset", reset_redis),
    Fault("Valkey out of memory", fill_redis),
    Fault("Valkey without its replicas (NOREPLICAS)", strand_redis),
    Fault("the list of running jobs deleted", forget_running),
    Fault("every key of the fair queue deleted", forget_queue),
    Fault("every key of the broker deleted", lose_wakeups),
    Fault("Valkey forgets its scripts", flush_scripts),
    Fault("Valkey slow", slow_redis),
    Fault("Valkey's disk full (MISCONF)", fill_redis_disk, _no_disk),
    Fault("Valkey killed in a write (AOF cut short)", cut_log),
    Fault("SIGSTOP of S3", pause_s3),
    Fault("S3 refuses connections", lose_s3),
    Fault("S3 slow", slow_s3),
    Fault("S3 answers 503", busy_s3),
    Fault("S3 bodies cut short", truncate_s3),
    Fault("S3's disk full", fill_s3_disk, _no_disk),
    Fault("scratch disk full", fill_disk, _no_disk),
)
