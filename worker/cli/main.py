"""The commands and their names."""

from __future__ import annotations

import typer

from worker.cli.analyze import analyze

app = typer.Typer(
    name="posequeue",
    help="Analyse exercise videos and images: workers, queue and API.",
    no_args_is_help=True,
    invoke_without_command=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(analyze)


def main() -> None:
    """Entry point of the program."""
    app()
