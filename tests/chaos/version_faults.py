"""Processes of several versions, and with several sets of models, side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import redis

from tests.chaos.faults import Fault
from tests.chaos.fleet import Fleet, models, until

_OLDER = Path(__file__).parent / "older"
_NEWER = Path(__file__).parent / "newer"
_LEFT_OUT = "movenet_lightning"
"""The model of the profile `fast`, which half of the jobs ask for."""


def run_older(fleet: Fleet, random: Random) -> None:
    """A worker of an older version, which knows none of the jobs, works beside the others."""
    _beside(fleet, random, "pose-1+older", PYTHONPATH=str(_OLDER))


def run_without_model(fleet: Fleet, random: Random) -> None:
    """A worker that lacks a model of the others works beside them."""
    with tempfile.TemporaryDirectory() as name:
        for path in models().iterdir():
            if not path.name.startswith(_LEFT_OUT):
                (Path(name) / path.name).symlink_to(path)
        _beside(fleet, random, "pose-1+models", POSEQUEUE_MODELS_DIR=name)


def _beside(fleet: Fleet, random: Random, name: str, **more: str) -> None:
    fleet.launch(name, **more)
    until(lambda: fleet.has_beaten(name), 120)
    fleet.hold(random.uniform(4, 8))
    fleet.processes.pop(name).kill()


def upgrade_and_back(fleet: Fleet, random: Random) -> None:
    """An API of a newer version, whose jobs older workers must not run, and a newer worker of each
    kind work beside the others; then the API is the older one again, and the newer workers go."""
    newer = ("pose-1+newer", "export+newer")
    for name in newer:
        fleet.launch(name, PYTHONPATH=str(_NEWER))
    for name in newer:
        until(lambda name=name: fleet.is_ready(name), 120)  # type: ignore[misc]
    fleet.kill("api")
    fleet.launch("api", PYTHONPATH=str(_NEWER))
    until(lambda: fleet.is_ready("api"), 120)
    fleet.hold(random.uniform(2, 4))
    fleet.kill("api")
    fleet.launch("api")
    if not until(lambda: not list(_newer_under_way(fleet)), 120, 0.3):
        fleet.wrong.append(f"jobs of the newer version do not end: {list(_newer_under_way(fleet))}")
    for name in newer:
        if not fleet.retire(name):
            fleet.wrong.append(f"{name} did not go within its grace")


def _newer_under_way(fleet: Fleet) -> Iterator[str]:
    client: redis.Redis = fleet.stores.redis
    for name in client.scan_iter("pq:{job_*}:job", count=1000):
        version, status = client.hmget(name, "version", "status")
        if version == b"2" and msgspec.json.decode(status or b"0") in ("queued", "running"):
            yield name.decode()


VERSION_FAULTS = (
    Fault("a worker of an older version beside", run_older),
    Fault("a worker that lacks a model beside", run_without_model),
    Fault("API and workers of a newer version beside, and back", upgrade_and_back),
)
