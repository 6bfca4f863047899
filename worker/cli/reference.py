"""`posequeue reference`: makes a file for `analyze --reference` from a clip of one clean rep."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.progress import progress_bar

if TYPE_CHECKING:
    from worker.contract.reference_poses import ReferencePoses


def load_reference(given: str | None) -> ReferencePoses | None:
    """The reference in the file `given`; None where there is no such file, as with an id.

    Raises typer.BadParameter for a file that is not a reference.
    """
    if given is None or not Path(given).is_file():
        return None
    from worker.contract.errors import DecodeError
    from worker.contract.reference_poses import decode_reference

    try:
        return decode_reference(Path(given).read_bytes())
    except DecodeError as error:
        raise typer.BadParameter(f"{given} is not a reference: {error}") from error


def reference(
    clip: Annotated[Path, typer.Argument(help="video of one clean repetition")],
    out: Annotated[Path, typer.Argument(help="file to write")],
    name: Annotated[
        str | None, typer.Option(help="name used in summaries; default: the clip's name")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU cores to use; 0 = all")] = 0,
) -> None:
    """Make a reference movement from CLIP, for `analyze --reference OUT`."""
    from worker.cli.engine import local_engine
    from worker.contract.errors import JobError
    from worker.contract.options import JobOptions
    from worker.contract.reference_poses import encode_reference
    from worker.pipeline.pipeline import Pipeline
    from worker.pipeline.reference import LIMITS, reference_from_log

    if not clip.is_file():
        raise typer.BadParameter(f"there is no file {clip}")
    engine = local_engine(threads or len(os.sched_getaffinity(0)))
    report, end = progress_bar()
    log: list[bytes] = []
    try:
        for step in Pipeline(clip, JobOptions(), engine, limits=LIMITS).steps():
            log.append(step.log)
            report(step.progress)
        made = reference_from_log(log, name or clip.stem)
    except JobError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        raise typer.Exit(1) from error
    finally:
        end()
    out.write_bytes(encode_reference(made))
    typer.echo(f"{out}: one repetition of {made.duration_ms / 1000:.2f} s", err=True)
