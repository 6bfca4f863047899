"""The two stages of a job: analysis, and the rendering of exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from worker.contract.errors import unknown_reference
from worker.contract.jobs import Export, Usage
from worker.contract.media import AudioLoss
from worker.contract.messages import ExportReady
from worker.contract.reference_poses import encode_reference
from worker.exports.files import ExportContext, ExportFile, files_of
from worker.exports.overlay_image import render_image
from worker.jobs.committer import StepCommitter
from worker.jobs.inputs import copy_poses, fetched_input, limits_of, named_reference
from worker.jobs.leased_job import LeasedJob, Preempted, WorkerStopping
from worker.jobs.segment_coordinator import SegmentCoordinator, can_share_segments
from worker.jobs.segment_worker import cpu_seconds
from worker.observability.metrics import STAGE_SECONDS, timed
from worker.pipeline.pipeline import Pipeline
from worker.pipeline.reference import reference_from_log
from worker.pose.engine import PoseEngine
from worker.storage.errors import Fenced, NotFound
from worker.storage.jobs.view import expiry


def analyse(leased: LeasedJob, open_engine: Callable[[], PoseEngine], scratch: Path) -> None:
    """Runs the analysis: commits poses and messages, then ends the job or queues its export.

    Raises JobError, Fenced, WorkerStopping, Preempted, and errors of the infrastructure.
    """
    began = cpu_seconds()
    again = leased.job.input.posesOf is not None
    path = None if again and leased.job.source == "video" else fetched_input(leased, scratch)
    making = leased.job.input.referenceId is not None
    recorded: Iterable[bytes] = leased.stores.poses.read(leased.job.id)
    if again:
        recorded = copy_poses(leased, list(recorded))
    engine = None if again else open_engine()
    pipeline = Pipeline(
        path,
        leased.job.options,
        engine,
        recorded,
        limits_of(leased.stores, leased.job),
        named_reference(leased),
        segment_s=leased.stores.settings.segment_s,
        sampling=leased.stores.settings.sampling,
        share=(lambda own: SegmentCoordinator(leased, own))
        if can_share_segments(leased.job)
        else None,
    )
    try:
        with StepCommitter(leased) as publisher:
            for step in pipeline.steps():
                if pipeline.media:
                    leased.media_s = pipeline.media.duration_ms / 1000
                publisher.add(step, {"progress": step.progress, "media": pipeline.media})
            publisher.finish()
    except (WorkerStopping, Preempted):
        spent_ms = round((cpu_seconds() - began) * 1000)
        leased.stores.jobs.count(leased.job.id, "spent", spent_ms)
        raise
    media_s = pipeline.media.duration_ms / 1000 if pipeline.media else 0.0
    spent_s = cpu_seconds() - began + leased.stores.jobs.spent_s(leased.job.id)
    compute_s = round(spent_s, 3)
    outcome: dict[str, Any] = {
        "result": pipeline.result,
        "warnings": pipeline.warnings,
        "usage": Usage(mediaSeconds=round(media_s, 3), computeSeconds=compute_s),
    }
    if leased.job.source == "image" and path is not None:
        overlay = leased.claim_check(
            render_image(pipeline.still.image, leased.log(), leased.job.options)
        )
        leased.close(outcome, overlay)
    elif making:
        _keep_reference(leased)
        leased.close(outcome)
    elif leased.job.options.export:
        leased.enqueue_export(outcome)
    else:
        leased.close(outcome)


def _keep_reference(leased: LeasedJob) -> None:
    """Stores the reference made from the job's poses; it is ready once the job has succeeded."""
    name = str(leased.job.input.referenceId)
    try:
        record = leased.stores.references.get(name, leased.job.tenant)
        poses = reference_from_log(leased.log(), record.label)
        leased.stores.references.keep(record, encode_reference(poses), poses.duration_ms)
    except NotFound as error:
        raise unknown_reference(name) from error


def export(leased: LeasedJob, scratch: Path) -> None:
    """Runs the export: makes and publishes each requested file, then ends the job.

    Raises as `analyse`.
    """
    finished = {(one.kind, one.mimeType) for one in leased.exports}
    files = [
        file
        for file in files_of(leased.job.options)
        if (file.kind, file.mime_type) not in finished  # by an earlier attempt
    ]
    material = ExportContext(
        log=leased.log,
        options=leased.job.options,
        media=fetched_input(leased, scratch) if any(file.pictures for file in files) else None,
        reference=named_reference(leased),
        threads=leased.stores.settings.threads,
        report=leased.periodic_check(leased.job.media.duration_ms if leased.job.media else 0.0),
    )
    for file in files:
        out = scratch / file.name
        with timed(STAGE_SECONDS, "export"):
            loss = file.make(material, out)
        leased.check()
        _publish(leased, file, out, loss)
        out.unlink()
    silent = any(one.audioLoss for one in leased.exports)
    leased.close({"warnings": (*leased.job.warnings, "audio_lost")} if silent else {})


def _publish(leased: LeasedJob, file: ExportFile, out: Path, loss: AudioLoss | None) -> None:
    # named by the token, so that a worker without the lease never overwrites the valid file
    key = f"{leased.prefix}exports/{leased.token}-{file.name}"
    size = leased.stores.objects.put_file(key, out, file.mime_type)
    made = Export(kind=file.kind, key=key, mimeType=file.mime_type, bytes=size, audioLoss=loss)
    ttl_s = leased.stores.settings.stream_url_ttl_s
    ready = ExportReady(
        url=leased.stores.objects.presign_get(key, ttl_s),
        mimeType=made.mimeType,
        kind=made.kind,
        bytes=size,
        expiresAt=expiry(ttl_s),
        audio=False if loss else None,
        audioLoss=loss,
    )
    try:
        leased.add_export(made, ready)
    except Fenced:
        leased.stores.objects.delete(key)  # another worker has the lease and makes its own
        raise
