"""`posequeue analyze`: analyses a file without any server; messages go to stdout."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.options import job_options, with_job_options
from worker.cli.progress import progress_bar
from worker.contract.editions import Edition, to_plain, view
from worker.contract.messages import Entry, encode


def write(entry: Entry, edition: Edition) -> None:
    """Writes a message to stdout, one line of JSON for each message of `edition`."""
    if edition is Edition.V3:
        sys.stdout.buffer.write(encode(entry.message) + b"\n")
        return
    import msgspec

    for plain in view(to_plain(entry.message), edition):
        sys.stdout.buffer.write(msgspec.json.encode(plain) + b"\n")


def _source_of(file: Path | None, given: dict[str, Any]) -> str | None:
    if given.get("source") or file is None:
        return given.get("source")
    from worker.media.probing.sniff import sniff

    return sniff(file)


def recorded_log(poses: Path | None) -> list[bytes]:
    """The entries of the pose log at `poses`; empty where there is none.

    Raises typer.BadParameter for a file that is not a complete pose log.
    """
    if poses is None or not poses.exists():
        return []
    from worker.contract.errors import DecodeError
    from worker.contract.pose_log import END, split_log
    from worker.contract.poses import decode_head

    try:
        log = split_log(poses.read_bytes())
        whole = bool(log) and bool(decode_head(log[0])) and log[-1] == END
    except DecodeError as error:
        raise typer.BadParameter(f"{poses} is not a pose log: {error}") from error
    if not whole:
        raise typer.BadParameter(f"{poses} is not a complete pose log")
    return log


def save_log(poses: Path, log: list[bytes]) -> None:
    """Writes a pose log to `poses`, complete or not at all."""
    from worker.contract.pose_log import framed

    part = poses.with_name(poses.name + ".part")
    part.write_bytes(b"".join(map(framed, log)))
    part.replace(poses)


@with_job_options
def analyze(
    file: Annotated[
        Path | None,
        typer.Argument(help="video or image; may be left out with an existing --poses log"),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="write the overlay video to this file")
    ] = None,
    export_keypoints: Annotated[
        list[Path] | None,
        typer.Option(help="write the keypoints to this file (.jsonl or .parquet)"),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="write the HTML report to this file")] = None,
    poster: Annotated[
        Path | None, typer.Option(help="write the poster (JPEG) to this file")
    ] = None,
    edition: Annotated[Edition, typer.Option(help="edition of the messages")] = Edition.V3,
    poses: Annotated[
        Path | None, typer.Option(help="pose log: read if it exists, otherwise written")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU cores to use; 0 = all")] = 0,
    **options: Any,
) -> None:
    """Analyse FILE in this process: messages as JSON lines on stdout, progress on stderr."""
    recorded = recorded_log(poses)
    if file is None and not recorded:
        raise typer.BadParameter("give a FILE, or an existing pose log with --poses")
    if file is not None and not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    files = {"video.mp4": export, "report.html": report, "poster.jpg": poster}
    files |= _keypoint_files(export_keypoints or [])
    wanted = {name: path for name, path in files.items() if path is not None}
    outputs = [*wanted.values(), *([poses] if poses and not recorded else [])]
    _check_folders(outputs)
    if file is not None and any(out.exists() and out.samefile(file) for out in outputs):
        raise typer.BadParameter(f"the result would replace {file} itself: give another name")
    if file is None and any(not name.startswith("keypoints") for name in wanted):
        raise typer.BadParameter(
            "video, poster and report need the FILE itself: give it beside --poses"
        )
    kinds = sorted({name.partition(".")[0] for name in wanted})
    fields = job_options({**options, "source": _source_of(file, options)}, export=kinds or None)
    raise typer.Exit(_run(file, fields, recorded, wanted, edition, poses, threads))


def _check_folders(paths: list[Path]) -> None:
    """Raises typer.BadParameter for an output that cannot be written, before any computation."""
    for path in paths:
        folder = path.absolute().parent
        if not folder.is_dir():
            raise typer.BadParameter(f"there is no folder {folder} for {path.name}")
        if path.is_dir():
            raise typer.BadParameter(f"{path} is a folder: give the name of a file")
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise typer.BadParameter(f"{path} cannot be written")


def _keypoint_files(paths: list[Path]) -> dict[str, Path]:
    named = {f"keypoints{path.suffix.lower()}": path for path in paths}
    if not set(named) <= {"keypoints.jsonl", "keypoints.parquet"}:
        raise typer.BadParameter("--export-keypoints takes a name ending in .jsonl or .parquet")
    return named


def _run(
    file: Path | None,
    fields: dict[str, Any],
    recorded: list[bytes],
    exports: dict[str, Path],
    edition: Edition,
    poses: Path | None,
    threads: int,
) -> int:
    from worker.cli.engine import local_engine, setting
    from worker.cli.reference import load_reference
    from worker.contract.options import parse_options
    from worker.pipeline.local_job import LocalJob
    from worker.system.gc_tuning import tune_gc

    tune_gc()
    count = threads or len(os.sched_getaffinity(0))
    job = LocalJob(
        file,
        parse_options({"sampling": setting("SAMPLING"), **fields}),
        lambda: local_engine(count),
        recorded=recorded,
        export_to=exports,
        threads=count,
        reference=load_reference(fields.get("reference")),
    )
    bar, end = progress_bar()

    def report(share: float) -> None:
        # one flush per chunk: a write per message would cost as much as making the message
        sys.stdout.buffer.flush()
        bar(share)

    try:
        for entry in job.messages(report):
            write(entry, edition)
    finally:
        end()
        sys.stdout.buffer.flush()
    if poses is not None and not recorded and job.succeeded:
        save_log(poses, job.log)
    return 0 if job.succeeded else 1
