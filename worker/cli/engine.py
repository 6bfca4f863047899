"""The models for a command that estimates in its own process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from worker.contract.errors import JobError

if TYPE_CHECKING:
    from worker.pose.engine import PoseEngine


def models_folder() -> Path:
    """Where the pose models are; the same rule as in the settings, without loading them."""
    return _folder("POSEQUEUE_MODELS_DIR", "models")


def _folder(variable: str, name: str) -> Path:
    given = os.environ.get(variable)
    return Path(given or Path(os.environ.get("POSEQUEUE_DATA_DIR", ".posequeue")) / name)


def local_engine(threads: int) -> PoseEngine:
    """Opens the models; ends the program with a hint where they are missing."""
    from worker.pose.engine import PoseEngine
    from worker.pose.inference.providers import Runtime
    from worker.pose.inference.session import GpuMissing

    folder = models_folder()
    if not (folder / "nanodet_person.onnx").is_file():
        typer.echo(f"no pose models in {folder}: run `posequeue models install`", err=True)
        raise typer.Exit(2)
    runtime = Runtime(
        os.environ.get("POSEQUEUE_PROVIDER", "auto"),  # type: ignore[arg-type]
        os.environ.get("POSEQUEUE_GPU_PRECISION", "fp32"),  # type: ignore[arg-type]
        _folder("POSEQUEUE_ENGINES_DIR", "engines"),
    )
    size = os.environ.get("POSEQUEUE_BLAZEPOSE", "full")
    model = os.environ.get("POSEQUEUE_POSE_MODEL") or None
    profile = os.environ.get("POSEQUEUE_PROFILE", "auto")
    try:
        return PoseEngine(folder, runtime, threads, size, model, profile)  # type: ignore[arg-type]
    except (GpuMissing, JobError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
