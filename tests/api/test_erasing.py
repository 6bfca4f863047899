"""What a late writer leaves of an erased job is found later."""

from __future__ import annotations

from api_play import Actor, Client, new_job, refused

from worker.store import keys
from worker.store.bundle import Stores
from worker.store.erasing import SWEEP_AFTER_S, sweep_erased
from worker.store.objects import job_prefix, key_in_url


def test_a_late_writer_is_swept_up(client: Client, stores: Stores) -> None:
    actor = Actor(stores, new_job(client)["id"])
    prefix = job_prefix("acme", actor.id)
    assert client.delete(f"/jobs/{actor.id}").status_code == 204
    stores.objects.put(prefix + "exports/video.mp4", b"late", "video/mp4")
    stores.jobs.ask_cancel(actor.id)
    refused(client.get(f"/jobs/{actor.id}"), 404, "not_found")
    assert sweep_erased(stores) == 0 and list(stores.objects.keys_below(prefix))
    (note,) = stores.redis.zrange(keys.ERASED, 0, -1)
    stores.redis.zincrby(keys.ERASED, -SWEEP_AFTER_S, note)
    assert sweep_erased(stores) == 1
    assert not list(stores.objects.keys_below(prefix))
    assert not stores.redis.exists(*keys.of_job(actor.id), keys.ERASED)


def test_keys_of_presigned_urls() -> None:
    prefix = job_prefix("acme", "job_1")
    for base in ("http://127.0.0.1:1/bucket", "https://bucket.s3.example"):
        url = f"{base}/{prefix}exports/a%20b.mp4?X-Amz-Signature=0"
        assert key_in_url(url, prefix) == f"{prefix}exports/a b.mp4"
    assert key_in_url("http://h/bucket/jobs/acme/job_12/x", prefix) is None
    assert key_in_url(f"http://h/?x=/{prefix}a", prefix) is None
