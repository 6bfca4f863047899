"""The program `posequeue`: its commands and their names."""

from __future__ import annotations

import sys

import typer

from worker.cli import admin, jobs
from worker.cli.analyze import analyze
from worker.cli.doctor import doctor
from worker.cli.evaluate import evaluate
from worker.cli.reference import reference
from worker.cli.up import up
from worker.cli.webhooks import webhooks

app = typer.Typer(
    name="posequeue",
    help="Analyse exercise videos and images: workers, queue and API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    analyze,
    evaluate,
    up,
    jobs.submit,
    jobs.analyze_again,
    jobs.jobs,
    jobs.job,
    jobs.messages,
    jobs.cancel,
    admin.worker,
    admin.api,
    doctor,
    reference,
):
    app.command()(command)
app.add_typer(admin.keys, name="keys")
app.add_typer(admin.models, name="models")
app.add_typer(webhooks, name="webhooks")


@app.command()
def exercises() -> None:
    """List the exercises and how they are seen and counted."""
    from worker.contract.exercises import AUTO, CATALOGUE

    for entry in CATALOGUE.values():
        typer.echo(f"{entry.id:<20} {entry.kind:<5} view {entry.view}")
    typer.echo(f"{AUTO:<20} the one of them that is recognised")


def main() -> None:
    """Entry point of the program."""
    try:
        app()
    except Exception as error:
        from worker.storage.connection import DISCONNECTED  # here: most commands need no Redis

        if not isinstance(error, DISCONNECTED):
            raise
        typer.echo(f"Redis: {error}; set POSEQUEUE_REDIS_URL, or POSEQUEUE_DATA_DIR to the folder "
                   "of a running `posequeue up`", err=True)  # fmt: skip
        sys.exit(1)
