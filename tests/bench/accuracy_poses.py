"""Pose logs of clips, kept by the clip's content and the model: a second run takes seconds."""

from __future__ import annotations

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path

from worker.contract.messages import Entry
from worker.contract.options import JobOptions, parse_options
from worker.contract.pose_log import framed, split_log
from worker.media.probing.sniff import sniff
from worker.pipeline.local_job import LocalJob
from worker.pipeline.sampling import sampling_of
from worker.pose.engine import PoseEngine
from worker.pose.profiles import Wanted

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".posequeue" / "accuracy"
MODELS = ROOT / ".posequeue" / "models"


SINCE = "POSEQUEUE_ACCURACY_SINCE"
"""Variable with the seconds since 1970 from which poses must be; children of a run see it too."""
USUAL: Wanted = os.environ.get("POSEQUEUE_PROFILE", "auto")  # type: ignore[assignment]
"""The profile where none is named."""


@lru_cache(maxsize=2)
def engine(profile: Wanted = USUAL) -> PoseEngine:
    """This process' models of `profile`, on one processor."""
    return PoseEngine(MODELS, "auto", 1, profile=profile)


def log_path(
    clip: Path, exercise: str, profile: Wanted = USUAL, *, keypoints: bool = False
) -> Path:
    """Where the poses of `clip` are kept, by the models and frames that a job on it takes, which
    may ask for `keypoints`."""
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()[:24]
    sampling = sampling_of(JobOptions(exercise=exercise, keypoints=keypoints))
    rate = f"{sampling.fps:g}" if sampling else "native"
    return CACHE / engine(profile).environment.model / f"{digest}-{rate}.poses"


def forget() -> None:
    """Poses that were kept before now are estimated anew when they are asked for."""
    os.environ[SINCE] = str(time.time())


def is_kept(path: Path) -> bool:
    """Whether there are poses at `path` that may be used."""
    return path.is_file() and path.stat().st_mtime >= float(os.environ.get(SINCE, "0"))


def options_for(
    clip: Path,
    exercise: str,
    user_height_cm: float | None = None,
    *,
    keypoints: bool = False,
) -> JobOptions:
    """The options of a job that asks for nothing but the exercise, or for `keypoints` too."""
    fields = {
        "source": sniff(clip), "exercise": exercise, "userHeightCm": user_height_cm,
        "firehose": "events", "keypoints": keypoints,
    }  # fmt: skip
    return parse_options(fields)


def messages_of(
    clip: Path,
    exercise: str,
    *,
    user_height_cm: float | None = None,
    profile: Wanted = USUAL,
    keypoints: bool = False,
) -> list[Entry]:
    """Every message of a job on `clip`, from kept poses where there are some.

    Raises OSError where the clip cannot be read, JobError where sniffing refuses it.
    """
    options = options_for(clip, exercise, user_height_cm, keypoints=keypoints)
    kept = log_path(clip, exercise, profile, keypoints=keypoints)
    if is_kept(kept):
        log = split_log(kept.read_bytes())
        return list(LocalJob(None, options, lambda: engine(profile), recorded=log).messages())
    job = LocalJob(clip, options, lambda: engine(profile))
    entries = list(job.messages())
    if job.succeeded and options.source == "video":
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(b"".join(map(framed, job.log)))
        part.replace(kept)
    return entries
