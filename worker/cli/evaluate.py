"""`posequeue evaluate`: measures the counts on labelled clips of the user's own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.pipeline.evaluation import Figures, Label, Outcome
    from worker.pipeline.evaluation_page import Curve

WORST = 20
"""Most clips whose curves the page shows."""


def evaluate(
    labels: Annotated[
        Path, typer.Argument(help="JSON list of {clip, exerciseId, reps, reps_accept}")
    ],
    clips: Annotated[
        Path | None, typer.Option(help="folder of the clips; default: clips/ or that of LABELS")
    ] = None,
    poses: Annotated[
        Path | None, typer.Option(help="folder of pose logs, CLIP.poses: read or written")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="write a page (HTML) to this file")] = None,
    threads: Annotated[int, typer.Option(help="CPU cores to use; 0 = all")] = 0,
) -> None:
    """Count the clips that LABELS names and compare: exact, within one, MAE, by exercise."""
    from worker.pipeline.evaluation import by_exercise, figures_of, labels_of, refusals_of

    try:
        wanted = labels_of(labels)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    folder = clips or _folder_of(labels)
    found = [label for label in wanted if _at_hand(label, folder, poses)]
    if not found:
        raise typer.BadParameter(f"none of the {len(wanted)} clips is in {folder}")
    outcomes = [_outcome(label, folder, poses, threads) for label in found]
    typer.echo(f"{'':<18} clips  exact  within 1    MAE  lost  invented")
    for name, some in {"all": outcomes, **by_exercise(outcomes)}.items():
        typer.echo(_line(name, figures_of(some)))
    for reason, number in refusals_of(outcomes).items():
        typer.echo(f"not counted: {number} {reason}")
    if page is not None:
        _write_page(page, outcomes, poses)


def _folder_of(labels: Path) -> Path:
    beside = labels.parent / "clips"
    return beside if beside.is_dir() else labels.parent


def _log_of(label: Label, poses: Path | None) -> Path | None:
    return None if poses is None else poses / f"{label.clip}.poses"


def _at_hand(label: Label, folder: Path, poses: Path | None) -> bool:
    log = _log_of(label, poses)
    return (folder / label.clip).is_file() or (log is not None and log.is_file())


def _outcome(label: Label, folder: Path, poses: Path | None, threads: int) -> Outcome:
    """Analyses one clip, from its pose log where there is one; prints a line if the count is
    wrong."""
    from worker.cli.analyze import recorded_log, save_log
    from worker.cli.engine import local_engine, setting
    from worker.contract.options import parse_options
    from worker.pipeline.evaluation import outcome_of
    from worker.pipeline.local_job import LocalJob

    log = _log_of(label, poses)
    recorded = recorded_log(log)
    job = LocalJob(
        folder / label.clip,
        parse_options({"exercise": label.exercise, "sampling": setting("SAMPLING")}),
        lambda: local_engine(threads),
        recorded=recorded,
        threads=max(threads, 1),
    )
    outcome = outcome_of(label, job.messages())
    if log is not None and not recorded and job.succeeded:
        log.parent.mkdir(parents=True, exist_ok=True)
        save_log(log, job.log)
    if outcome.off:
        said = outcome.error or str(outcome.count)
        right = "/".join(map(str, label.accept))
        typer.echo(f"{label.clip}: {label.exercise}, right is {right}, said {said}", err=True)
    return outcome


def _line(name: str, figures: Figures) -> str:
    return (
        f"{name:<18} {figures.clips:>5} {figures.exact:>6.3f} {figures.within_one:>9.3f} "
        f"{figures.mae:>6.3f} {figures.lost:>5} {figures.invented:>9}"
    )


def _write_page(page: Path, outcomes: Sequence[Outcome], poses: Path | None) -> None:
    from worker.pipeline.evaluation_page import page_of

    wrong = sorted((one for one in outcomes if one.off), key=lambda one: -one.off)
    curves = {one.label.clip: curve for one in wrong[:WORST] if (curve := _curve(one, poses))}
    page.write_text(page_of(outcomes, curves), encoding="utf-8")
    print(f"written to {page}", file=sys.stderr)


def _curve(outcome: Outcome, poses: Path | None) -> Curve | None:
    """The curve of a clip with a pose log and an exercise counted in repetitions; else None."""
    from worker.cli.analyze import recorded_log
    from worker.contract.pose_log import END
    from worker.contract.poses import decode_chunk, decode_head
    from worker.exercises import EXERCISES
    from worker.exercises.model import RepExercise
    from worker.motion.reps.inspection import inspected
    from worker.pipeline.evaluation_page import Curve

    exercise = EXERCISES[outcome.label.exercise]
    log = recorded_log(_log_of(outcome.label, poses))
    if not log or not isinstance(exercise, RepExercise):
        return None
    chunks = (decode_chunk(entry) for entry in log[1:] if entry != END)
    return Curve(*inspected(decode_head(log[0]), chunks, exercise))
