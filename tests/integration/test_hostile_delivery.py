"""Everybody at once: 200 jobs of three tenants, some as batches, receivers of every temper, readers
that are cut off and killed, an API and a webhook worker that die. Nobody misses anything."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import msgspec
import pytest
from standardwebhooks import Webhook

from tests.integration.conftest import StartWorker
from tests.integration.hostile import Api, Consumer, Tenant, Told, cut_off, heard_of, until
from tests.integration.receivers import Receiver, elsewhere, gone, good, moody, slow
from worker.contract.messages import PER_FRAME, entry_key
from worker.media.probing.ffmpeg_tools import find_tools
from worker.settings import Settings
from worker.storage.stores import Stores

JOBS = 200
PICTURES = 4
DEAD = None
TEMPERS = {"acme": (good, slow), "beta": (moody, elsewhere), "gamma": (good, gone, DEAD)}
GROUPED = {f"message.{kind}" for kind in PER_FRAME}


@pytest.fixture
def api(stores: Stores, tmp_path: Path) -> Iterator[Api]:
    """The API, on its way up."""
    api = Api(tmp_path)
    api.launch()
    yield api
    api.stop()


@pytest.fixture
def consumer(stores: Stores, settings: Settings, tmp_path: Path) -> Iterator[Consumer]:
    """A consumer of the firehose."""
    consumer = Consumer(settings, tmp_path)
    consumer.start()
    yield consumer
    consumer.kill()


@pytest.fixture
def clip(walking: Path, tmp_path: Path) -> Path:
    """Twelve frames of it."""
    path = tmp_path / "short.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-i", walking, "-frames:v", "12", "-an",
               "-c:v", "libx264", "-preset", "ultrafast", path]  # fmt: skip
    subprocess.run(command, check=True)
    return path


@pytest.mark.models
@pytest.mark.timeout(400)
def test_nobody_misses_anything(
    api: Api, consumer: Consumer, stores: Stores, start_worker: StartWorker, clip: Path,
    photo: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("POSEQUEUE_WEBHOOK_RETRY_SCALE", "0.002")
    monkeypatch.setenv("POSEQUEUE_WEBHOOK_TIMEOUT_S", "2")
    start_worker(wait=False)
    delivery_worker = start_worker("webhooks", wait=False)
    api.wait()
    tenants = [Tenant(name, tempers, stores, api) for name, tempers in TEMPERS.items()]
    for tenant in tenants:
        tenant.begin(clip, photo, PICTURES)
    seen: list[str] = []
    reader = threading.Thread(
        target=lambda: seen.extend(cut_off(api, tenants[0].key, tenants[0].first))
    )
    reader.start()
    for tenant in tenants:
        assert tenant.queue.wait(tenant.first, 120)["status"] == "succeeded"
    reader.join(60)
    assert seen == [entry for entry, _, _ in stores.streams.scan(tenants[0].first)]

    for number in range(JOBS - len(tenants) * (1 + PICTURES)):
        if number == 20:
            delivery_worker.kill()
            start_worker("webhooks", wait=False)
        if number == 60:
            api.kill()
            api.launch()
        if number in (40, 100):
            consumer.kill()
            consumer.start()
        tenants[number % len(tenants)].again()
    jobs = {tenant.name: [job["id"] for job in tenant.queue.jobs()] for tenant in tenants}
    count = sum(map(len, jobs.values()))
    assert JOBS <= count <= JOBS + 1  # the API may have died right behind one that it took
    every = [job for owned in jobs.values() for job in owned]
    until(lambda: all(stores.jobs.get(job).status.final for job in every), "all jobs", 120)
    for job in every:
        check_stream(stores, job)
    for tenant in tenants:
        counts = tenant.queue.wait_batch(tenant.batch, 60)["counts"]
        assert counts["succeeded"] == PICTURES

    for tenant in tenants:
        wanted = tenant.wanted(stores, jobs[tenant.name])
        tempers = zip(tenant.receivers, TEMPERS[tenant.name], strict=True)
        takers = [one for one, temper in tempers if temper in (good, slow, moody)]
        for receiver in takers:
            until_heard(receiver, wanted, f"{receiver.temper.__name__} of {tenant.name}")
        for receiver, temper in zip(tenant.receivers, TEMPERS[tenant.name], strict=True):
            assert receiver in takers or not (receiver.taken or receiver.strayed)
            assert bool(receiver.heard) is (temper is not DEAD)
        enabled = {hook["id"]: hook["enabled"] for hook in tenant.queue.webhooks()}
        states = [enabled[hook["id"]] for hook in tenant.hooks]
        assert states == [temper is not gone for temper in TEMPERS[tenant.name]]
    # what nobody took so far has waited
    for tenant in tenants:
        tenant.heal()
    for tenant in tenants:
        wanted = tenant.wanted(stores, jobs[tenant.name])
        for receiver, hook in zip(tenant.receivers, tenant.hooks, strict=True):
            until_heard(receiver, wanted, f"one of {tenant.name} that is good now")
            check_requests(receiver, hook["secret"], wanted)
            receiver.stop()

    said = {(kind, job, entry) for job in every for entry, kind, _ in stores.streams.scan(job)
            if kind not in PER_FRAME}  # fmt: skip
    said |= {("job.queued", job, "0-0") for job in every}
    said |= {("job.started", job, "0-0") for job in every}
    said |= {("batch.completed", tenant.batch, "0-0") for tenant in tenants}
    until(lambda: said <= consumer.heard(), "the consumer", 60)
    assert consumer.lives == 3


def check_stream(stores: Stores, job: str) -> None:
    """No gap: every place from the first to the last is there, and `done` counts them all."""
    rows = list(stores.streams.scan(job))
    places = [entry_key(entry) for entry, _, _ in rows]
    for _, group in groupby(places, key=lambda place: place[0]):
        numbers = [number for _, number in group]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), (job, places)
    frames = [entry_key(entry)[0] for entry, kind, _ in rows if kind == "keypoints"]
    assert frames == list(range(1, len(frames) + 1))
    done = msgspec.json.decode(rows[-1][2])
    assert (done["type"], done["messages"]) == ("done", len(rows) - 1)


def until_heard(receiver: Receiver, wanted: dict[str, list[Told]], who: str) -> None:
    """Waits until a receiver has taken everything that it is to hear."""
    everything = {told for one in wanted.values() for told in one}

    def heard() -> set[Told]:
        return {told for one in receiver.taken for told in heard_of(one.event)}

    until(lambda: everything <= heard(), who, 120)


def check_requests(receiver: Receiver, secret: str, wanted: dict[str, list[Told]]) -> None:
    """Signatures and ids of everything that a receiver got; of each subject it took exactly what
    was to be heard, in order and without a gap."""
    names: dict[tuple[Told, ...], str] = {}
    took: dict[str, list[Told]] = {}
    taken: set[str] = set()
    for one in list(receiver.heard):
        Webhook(secret).verify(one.body, one.headers)
        told, name = tuple(heard_of(one.event)), one.headers["webhook-id"]
        assert names.setdefault(told, name) == name
        if name not in taken and 200 <= one.status < 300:
            taken.add(name)
            took.setdefault(told[0][1], []).extend(told)
    assert len(set(names.values())) == len(names)
    assert took.keys() == wanted.keys()
    for subject, told_in_order in wanted.items():
        for grouped in (True, False):
            assert [told for told in took[subject] if (told[0] in GROUPED) is grouped] == [
                told for told in told_in_order if (told[0] in GROUPED) is grouped
            ]
