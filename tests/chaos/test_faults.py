"""A few seconds of what `make chaos` does for minutes, and that it would notice."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.chaos import invariants, leftovers
from tests.chaos.faults import Fault, freeze
from tests.chaos.fencing import changed, settled
from tests.chaos.fleet import TENANT, Fleet
from tests.chaos.load import KINDS, Kind
from tests.chaos.proxy import Proxy
from tests.chaos.run import FAULTS, dealt
from tests.chaos.server_faults import kill_redis
from tests.chaos.trial import Trial, Undisturbed
from tests.integration.receivers import Receiver, good
from worker.storage import keys
from worker.storage.stores import Stores

EVERYTHING = "pose.cpu,export,maintenance"
ROLES = {"api": "", "pose-1": EVERYTHING, "pose-2": EVERYTHING, "webhooks": "webhooks"}
SHORT = Kind("clip", "jump_side_30fps.mp4", {"exercise": "air_time_jump", "profile": "fast",
             "keypoints": True, "export": ["keypoints"]}, 3)  # fmt: skip


@pytest.mark.models
def test_nothing_is_lost(tmp_path: Path, models_dir: Path) -> None:
    kinds = (*(kind for kind in KINDS if kind.name == "again"), SHORT)
    faults = (Fault("freeze", freeze), Fault("restart", kill_redis))
    said: list[str] = []
    trial = Trial(1, tmp_path, Undisturbed(), said.append, kinds, most=1)
    outcome = trial.run(Fleet(tmp_path, ROLES, lease_ttl_s=2), faults, seconds=60)
    assert outcome.violations == [], "\n".join(said)
    assert len(outcome.faults) >= 1
    assert outcome.jobs > len(kinds)


def test_seeds_in_a_row_have_every_fault() -> None:
    order = [fault for seed in range(1, 11) for fault in islice(dealt(FAULTS, seed), 5)]
    assert set(order) == set(FAULTS) and len(FAULTS) >= 39
    assert order[5:10] == list(islice(dealt(FAULTS, 2), 5))


def test_streams_that_differ_are_noticed() -> None:
    rows = [("1-1", "counter", b'{"type":"counter"}'), ("2-1", "done", b'{"type":"done"}')]
    links = [("1-1", "export_ready", b'{"url":"a","bytes":1}')]
    assert invariants.same(rows, list(rows))
    assert not invariants.same(rows, rows[:1])
    assert not invariants.same(rows, [rows[0], ("2-2", *rows[1][1:])])
    assert invariants.same(links, [("1-1", "export_ready", b'{"url":"b","bytes":1}')])
    assert not invariants.same(links, [("1-1", "export_ready", b'{"url":"a","bytes":2}')])


def test_leftovers_are_noticed(stores: Stores, tmp_path: Path) -> None:
    fleet: Any = SimpleNamespace(stores=stores, scratch=tmp_path / "a", temporary=tmp_path / "b")
    for folder in (fleet.scratch, fleet.temporary):
        folder.mkdir()
    assert list(leftovers.in_redis(fleet)) == list(leftovers.in_folders(fleet)) == []
    stores.redis.set(keys.lease("job_1"), 1)
    stores.redis.zadd(keys.QUEUED, {"job_1": 1})
    stores.redis.lpush("pq:celery:export", "a task")
    assert len(list(leftovers.in_redis(fleet))) == 3
    (fleet.scratch / "posequeue-x").mkdir()
    assert len(list(leftovers.in_folders(fleet))) == 1
    assert f"{keys.lease('job_1')} outlives its job" in list(leftovers.of_erased(fleet))
    key = f"jobs/{TENANT}/job_half/exports/1-video.mp4"
    stores.objects.put(key, b"half", "video/mp4")
    assert f"the object {key} is nobody's" in list(leftovers.in_s3(fleet, [], set()))
    stores.objects.delete(key)
    assert f"the object {key} is nobody's" not in list(leftovers.in_s3(fleet, [], set()))


def test_what_is_written_late_is_noticed(stores: Stores) -> None:
    fleet: Any = SimpleNamespace(stores=stores)
    assert settled(fleet) == {}
    before = {"job_1": ({b"status": b'"succeeded"'}, [], [])}
    after = {"job_1": ({b"status": b'"running"'}, [], [("key", "tag", "now")])}
    assert [text.split(" of ")[0] for text in changed(before, after)] == [
        "the record", "the objects"
    ]  # fmt: skip
    assert list(changed(before, before)) == []


def test_the_proxy_does_as_it_is_told() -> None:
    receiver = Receiver(good)
    proxy = Proxy(receiver.port)
    url = f"http://127.0.0.1:{proxy.port}/hook"

    def post(size: int = 10) -> int:
        headers = {"webhook-id": "msg_1"}
        return httpx.post(url, content=b"x" * size, headers=headers, timeout=30).status_code

    try:
        assert post() == 200
        proxy.busy()
        assert post() == 503
        proxy.heal()
        proxy.refuse()
        with pytest.raises(httpx.ConnectError):
            post()
        proxy.heal()
        proxy.truncate(up=500, down=500)
        assert post() == 200
        with pytest.raises(httpx.TransportError):
            post(100_000)
        proxy.heal()
        assert post(100_000) == 200
    finally:
        proxy.stop()
        receiver.stop()
