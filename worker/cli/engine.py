"""Opens the pose models for commands that estimate poses in their own process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from worker.contract.errors import JobError

if TYPE_CHECKING:
    from worker.pose.engine import PoseEngine


@cache
def _dotenv() -> Mapping[str, str | None]:
    from dotenv import dotenv_values

    return dotenv_values(".env")


def setting(name: str, default: str = "") -> str:
    """The value of `POSEQUEUE_<name>` in the environment, else in `.env`, else `default`.

    Does not load the settings, as that takes longer than analysing a short clip.
    """
    variable = "POSEQUEUE_" + name
    return os.environ.get(variable) or _dotenv().get(variable) or default


def models_folder() -> Path:
    """The folder of the pose models, as `Settings.models` has it, without loading the settings."""
    return _folder("MODELS_DIR", "models")


def _folder(variable: str, name: str) -> Path:
    given = setting(variable)
    return Path(given or Path(setting("DATA_DIR", ".posequeue")) / name)


def local_engine(threads: int) -> PoseEngine:
    """Opens the models for `threads` CPU threads.

    Prints a hint and exits with status 2 where models, or a GPU that was asked for, are missing.
    """
    from worker.pose.engine import PoseEngine
    from worker.pose.inference.providers import Runtime
    from worker.pose.inference.session import GpuMissing

    folder = models_folder()
    if not (folder / "nanodet_person.onnx").is_file():
        typer.echo(f"no pose models in {folder}: run `posequeue models install`", err=True)
        raise typer.Exit(2)
    runtime = Runtime(
        setting("PROVIDER", "auto"),  # type: ignore[arg-type]
        setting("GPU_PRECISION", "fp32"),  # type: ignore[arg-type]
        _folder("ENGINES_DIR", "engines"),
    )
    size = setting("BLAZEPOSE", "full")
    model = setting("POSE_MODEL") or None
    profile = setting("PROFILE", "auto")
    try:
        return PoseEngine(folder, runtime, threads, size, model, profile)  # type: ignore[arg-type]
    except (GpuMissing, JobError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
