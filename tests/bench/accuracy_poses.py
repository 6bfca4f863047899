"""Pose logs of clips, kept by the clip's content and the model: a second run takes seconds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from worker.contract.messages import Entry
from worker.contract.options import JobOptions, parse_options
from worker.contract.pose_log import framed, split_log
from worker.local import LocalJob
from worker.media.sniff import sniff
from worker.pose.engine import PoseEngine

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".posequeue" / "accuracy"
MODELS = ROOT / ".posequeue" / "models"


@lru_cache(maxsize=1)
def engine() -> PoseEngine:
    """This process' models, on one processor, of the profile POSEQUEUE_PROFILE."""
    profile = os.environ.get("POSEQUEUE_PROFILE", "auto")
    return PoseEngine(MODELS, "auto", 1, profile=profile)  # type: ignore[arg-type]


def log_path(clip: Path, exercise: str) -> Path:
    """Where the poses of `clip` are kept; jumps are estimated at the full frame rate."""
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()[:24]
    rate = "full" if exercise in ("jump_analysis", "air_time_jump") else "capped"
    return CACHE / engine().environment.model / f"{digest}-{rate}.poses"


def options_for(clip: Path, exercise: str, user_height_cm: float | None = None) -> JobOptions:
    """The options of a job that asks for nothing but the exercise."""
    fields = {
        "source": sniff(clip), "exercise": exercise, "userHeightCm": user_height_cm,
        "firehose": "events",
    }  # fmt: skip
    return parse_options(fields)


def messages_of(
    clip: Path,
    exercise: str,
    *,
    user_height_cm: float | None = None,
    fresh: bool = False,
    models: Callable[[], PoseEngine] = engine,
) -> list[Entry]:
    """Every message of a job on `clip`, from kept poses where there are some.

    Raises OSError where the clip cannot be read, JobError where sniffing refuses it.
    """
    options = options_for(clip, exercise, user_height_cm)
    kept = log_path(clip, exercise)
    if kept.is_file() and not fresh:
        return list(
            LocalJob(None, options, models, recorded=split_log(kept.read_bytes())).messages()
        )
    job = LocalJob(clip, options, models)
    entries = list(job.messages())
    if job.succeeded and options.source == "video":
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(b"".join(map(framed, job.log)))
        part.replace(kept)
    return entries
