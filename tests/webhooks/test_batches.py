"""The closing event of a batch, and what a webhook worker needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import msgspec

from tests.webhooks.conftest import Post, Receiver, Subscribe
from worker.contract.webhooks import BATCH_COMPLETED
from worker.storage import keys
from worker.storage.stores import Stores

Receive = Callable[..., Receiver]


def test_a_batch_is_told_once_to_who_asks(
    stores: Stores, post: Post, receive: Receive, subscribe: Subscribe
) -> None:
    receiver, deaf = receive(), receive()
    _, secret = subscribe(receiver, BATCH_COMPLETED)
    subscribe(deaf)
    view = {"id": "batch_1", "status": "completed", "counts": {"succeeded": 3}}
    fields = {"job": "batch_1", "tenant": "acme", "id": "0-0", "type": BATCH_COMPLETED,
              "data": msgspec.json.encode(view)}  # fmt: skip
    for _ in range(2):  # at least once
        partition = keys.firehose("batch_1", stores.settings.firehose_partitions)
        stores.redis.xadd(partition, fields)  # type: ignore[arg-type]
        post.run()
    (event,) = receiver.verified(secret)
    assert event["type"] == BATCH_COMPLETED and event["data"] == view and deaf.got == []


def test_its_worker_needs_no_models() -> None:
    """Its image is the API's."""
    program = (
        "import sys, worker.runtime.webhook_tasks; "
        "print([m for m in sys.argv[1:] if m in sys.modules])"
    )
    heavy = ["numpy", "cv2", "onnxruntime", "PIL", "ffmpeg", "fastapi", "worker.pose"]
    done = subprocess.run(
        [sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
