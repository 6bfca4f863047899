"""One job in this process with every part timed and every model call kept.

`python -m tests.bench.instrumented CLIP FOLDER` writes `parts.json` (CPU-seconds by part) and
`calls.npz` (the arrays of all model calls, in order) into FOLDER.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import worker.contract.poses
import worker.pipeline.pipeline
import worker.pose.detectors.nanodet
import worker.pose.engine
import worker.pose.estimators.movenet
from tests.bench.timers import Timers
from worker.contract.messages import encode
from worker.contract.options import JobOptions
from worker.media.decoding.raw_reader import RawReader
from worker.motion.analysis import Analysis
from worker.pipeline.local_job import LocalJob
from worker.pose.engine import PoseEngine
from worker.pose.inference.session import Session

DETECT, ESTIMATE = "NanoDet calls", "MoveNet calls"
REST, CHILDREN = "everything else in Python", "ffmpeg (decode, scale, write to the pipe)"


def _model(_session: Session, image: NDArray[np.uint8]) -> str:
    """MoveNet's crops are square, NanoDet's pictures of a video of 4:3 or wider are not."""
    return ESTIMATE if image.shape[1] == image.shape[2] == 256 else DETECT


class Instruments:
    """Wraps the parts of a job; `calls` are the arrays handed to the models, by model."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.calls: list[tuple[str, NDArray[np.uint8]]] = []
        self._keep_calls()
        wrap = self.timers.wrap
        wrap(RawReader, "read", "read frames from the pipe")
        wrap(Session, "run", _model)
        wrap(worker.pose.estimators.movenet, "masked_crop", "crops (warp, mask)")
        wrap(worker.pose.detectors.nanodet, "letterbox", "letterbox")
        wrap(worker.pose.detectors.nanodet.PersonDetector, "detect", "boxes of detections")
        wrap(
            worker.pose.estimators.movenet.PoseEstimator,
            "estimate",
            "keypoints back to the picture",
        )
        wrap(PoseEngine, "estimate", "subject, box path, quantising")
        wrap(worker.pipeline.pipeline, "encode_chunk", "pose log entries")
        for name in ("start", "feed", "finish"):
            wrap(Analysis, name, "motion")

    def _keep_calls(self) -> None:
        inner, calls = Session.run, self.calls

        def run(session: Session, image: NDArray[np.uint8]) -> list[NDArray[Any]]:
            calls.append((_model(session, image), image))
            return inner(session, image)

        Session.run = run  # type: ignore[method-assign,assignment]


def main(clip: Path, folder: Path) -> None:
    """Runs the job and writes the two files."""
    instruments = Instruments()
    models = Path(os.environ["POSEQUEUE_MODELS_DIR"])
    engine = PoseEngine(models, "cpu", 1)
    began = time.process_time()
    children = _children_s()
    job = LocalJob(clip, JobOptions(exercise="squat", sampling="native"), lambda: engine)
    entries = list(job.messages())
    timers = instruments.timers
    spent = time.process_time()
    for entry in entries:
        encode(entry.message)
    timers.seconds["encode messages"] = time.process_time() - spent
    parts = dict(timers.seconds)
    parts[REST] = time.process_time() - began - sum(parts.values())
    parts[CHILDREN] = _children_s() - children
    if not job.succeeded:
        raise SystemExit(f"the job failed: {entries[-2].message}")
    (folder / "parts.json").write_text(json.dumps(parts))
    arrays = {f"{n:05d} {model}": image for n, (model, image) in enumerate(instruments.calls)}
    np.savez(folder / "calls.npz", **arrays)  # type: ignore[arg-type]


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
