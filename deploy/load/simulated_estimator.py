"""A worker that estimates nothing: every job takes its poses from one recorded log.

For load tests of what is around the estimation (API, queue, stores, streams, webhooks). Celery
includes this module on request alone; no package, image or setting of the product knows it:

    SIMULATED_POSES_OF=job_… POSEQUEUE_WORKER_QUEUES=pose.cpu,export,maintenance \
      python -m celery -A worker.queueing.celery_app worker -I deploy.load.simulated_estimator …

SIMULATED_POSES_OF names a job whose pose log is in Redis. A job then runs as its re-analysis would:
claimed, poses copied, counted, committed, told. Its file is not fetched. Videos only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from worker.jobs import runner, stages
from worker.jobs.leased_job import LeasedJob
from worker.pose.engine import PoseEngine
from worker.runtime import tasks

_POSES_OF = os.environ["SIMULATED_POSES_OF"]


def _analyse(leased: LeasedJob, engine: Callable[[], PoseEngine], scratch: Path) -> None:
    recorded = msgspec.structs.replace(leased.job.input, posesOf=_POSES_OF)
    leased.job = msgspec.structs.replace(leased.job, input=recorded)
    stages.analyse(leased, engine, scratch)


runner.analyse = _analyse
tasks.warm = lambda: None  # no models
