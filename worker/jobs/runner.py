"""Runs one job: claims its lease, runs its stage, and ends or releases the job."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import structlog

from worker.contract.errors import ErrorCode, JobError, ModelFault, ModelMissing
from worker.contract.jobs import Job, Stage
from worker.contract.queue_entries import job_of_entry
from worker.jobs.faults import RecentFaults, classify_fault
from worker.jobs.heartbeat import Heartbeat
from worker.jobs.leased_job import LeasedJob, Preempted, WorkerStopping
from worker.jobs.segment_worker import run_segments
from worker.jobs.stages import analyse, export
from worker.observability.log_setup import bind_job_context
from worker.observability.metrics import RETRIES, STAGE_SECONDS, StageTimes, listening, record
from worker.observability.tracing import annotate, span
from worker.pose.engine import PoseEngine
from worker.queueing.queues import effective_queue
from worker.storage.clock import unix
from worker.storage.connection import DISCONNECTED, REFUSING
from worker.storage.errors import Fenced, StoreUnavailable
from worker.storage.jobs.leases import Claim
from worker.storage.stores import Stores
from worker.system.scratch import scratch_folder
from worker.system.stall_watchdog import StallWatchdog

log = structlog.get_logger()

MOST_ATTEMPTS = 8
"""Attempts after which a job fails at an infrastructure error instead of being retried."""
MOST_FAULTS = 30
"""Faults of workers after which a job fails although they do not count as its attempts: the job
may cause them."""
MOST_WITHOUT_MODEL = 6
"""Times that workers without its model give back a job that another worker has begun, and that may
be starting again: each costs 20 s."""
MOST_WITH_MODEL_BUSY = 180
"""The same while a live worker has the model, for an hour: that one may be busy for long."""
OUT_OF_MEMORY = 71
"""Exit status of a process that ran out of memory."""
_MACHINE_FAULTS = (ModelFault, StoreUnavailable, OSError, *DISCONNECTED, *REFUSING)
_OURS = JobError(ErrorCode.INTERNAL, "The job failed because of an internal error.")


class Runner:
    """Runs the jobs of one worker process.

    `engine` loads the models at the first use; `stopping` returns whether the worker is to stop;
    `outcomes` records faults for the circuit breaker.
    """

    def __init__(
        self,
        stores: Stores,
        engine: Callable[[], PoseEngine],
        stopping: Callable[[], bool] = lambda: False,
        outcomes: RecentFaults | None = None,
    ) -> None:
        self._stores = stores
        self._engine = engine
        self._stopping = stopping
        self._outcomes = outcomes or RecentFaults()

    def run(self, job_id: str) -> None:
        """Runs a job unless it is leased, or estimates segments of a job that another worker runs.

        `job_id` is a job's id or the entry of a segment. Errors while the job runs end or release
        it; others (Redis) are raised, and a sweep retries the job.
        """
        if job_of_entry(job_id):
            run_segments(self._stores, job_id, self._engine, self._stopping, self._outcomes)
            return
        claim = self._stores.leases.claim(job_id)
        if claim.job is None:
            log.info("job_not_taken", job=job_id, why=claim.outcome)
            return
        with bind_job_context(job_id, claim.job.tenant, claim.job.attempt, claim.job.trace):
            self._watched(claim.job, claim)

    def _watched(self, job: Job, claim: Claim) -> None:
        """Runs a claimed job, with a span of its trace that has the times of its stages."""
        created = unix(job.createdAt)
        if job.attempt == 1 and job.stage is Stage.ANALYSE:
            record(STAGE_SECONDS, max(0.0, self._stores.clock() - created), "wait")
            with span("job.waited", job.trace, start=created):
                pass
        times = StageTimes()
        known: dict[str, Any] = {"job": job.id, "tenant": job.tenant, "attempt": job.attempt}
        with span(f"job.{job.stage}", job.trace, kind="CONSUMER", **known), listening(times):
            self._claimed(job, claim)
            annotate(**times.seconds)

    def _claimed(self, job: Job, claim: Claim) -> None:
        job_id = job.id
        leases, token = self._stores.leases, claim.token
        with (
            StallWatchdog(self._stores.settings.stall_s) as watchdog,
            Heartbeat(lambda: leases.extend(job_id, token), leases.ttl_s, job_id) as heartbeat,
        ):
            leased = LeasedJob(self._stores, job, token, heartbeat, self._stopping, watchdog.touch)
            try:
                if claim.outcome == "lost":
                    lost = "The job was given up: its workers died again and again."
                    raise JobError(ErrorCode.WORKER_LOST, lost)
                self._work(leased)
                self._outcomes.record(None)
                log.info("job_stage_done", stage=job.stage)
            except Fenced:
                log.warning("job_taken_over")
                _let_go("taken_over")
            except WorkerStopping:
                leased.release(same_attempt=False)
                log.info("job_handed_over")
                _let_go("handed_over")
            except Preempted:
                leased.release(same_attempt=True)
                log.info("turn_over")
                _let_go("turn_over")
            except ModelMissing as error:
                self._without_model(leased, error)
            except JobError as error:
                self._outcomes.record(None)
                leased.fail(error)
                log.info("job_failed", code=error.code)
                annotate(error=error.code)
            except _MACHINE_FAULTS as error:
                self._machine_fault(leased, error)
            except MemoryError:
                # after a failed allocation the state of the process cannot be trusted
                log.exception("memory_ran_out")
                os._exit(OUT_OF_MEMORY)
            except Exception:
                log.exception("job_broken")
                annotate(error="internal")
                leased.fail(_OURS)

    def _machine_fault(self, leased: LeasedJob, error: Exception) -> None:
        """Releases the job for a retry, or fails it after too many; a fault of this worker does not
        count as an attempt."""
        fault = classify_fault(error)
        log.warning("machine_fault", fault=fault, error=repr(error))
        _let_go("machine_fault")
        if fault is not None:
            self._outcomes.record(fault)
            again = self._stores.jobs.count(leased.job.id, "faults") < MOST_FAULTS
        else:
            again = leased.job.attempt < MOST_ATTEMPTS
        if again:
            leased.release(same_attempt=fault is not None, later=True)
        else:
            leased.fail(_OURS)

    def _without_model(self, leased: LeasedJob, error: ModelMissing) -> None:
        """Leaves the job to another worker, or fails it where none has its model."""
        log.warning("model_missing", error=error.message)
        stores, job = self._stores, leased.job
        alive = stores.workers.alive()
        queue = effective_queue(job.waits_in, alive)
        most = 0
        if any(queue in other.queues and other.may_have(error.model) for other in alive):
            most = MOST_WITH_MODEL_BUSY
        elif stores.poses.begun(job.id):
            most = MOST_WITHOUT_MODEL
        if stores.jobs.count(job.id, "modelMissing") < most:
            _let_go("model_missing")
            leased.release(same_attempt=True, later=True)
        else:
            leased.fail(error)

    def _work(self, leased: LeasedJob) -> None:
        """Runs the job's next stage."""
        leased.check_lease_and_deadline()
        with scratch_folder(self._stores.settings.scratch_dir) as scratch:
            if leased.job.stage is Stage.EXPORT:
                export(leased, scratch)
            else:
                analyse(leased, self._engine, scratch)


def _let_go(why: str) -> None:
    record(RETRIES, 1, why)
    annotate(let_go=why)
