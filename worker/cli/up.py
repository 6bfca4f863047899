"""`posequeue up`: starts the whole system on this machine, and a job if a clip is given."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer


def say(line: str) -> None:
    """Prints a line of the output of `up`."""
    typer.echo(line)


class _Stop:
    """Raises KeyboardInterrupt on Ctrl-C or SIGTERM; a second signal restores its default action.

    Calling it tells whether a signal has come.
    """

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _frame: object) -> None:
        if self._asked:
            signal.signal(number, signal.SIG_DFL)
        self._asked = True
        raise KeyboardInterrupt

    def __call__(self) -> bool:
        return self._asked


def up(
    data: Annotated[Path | None, typer.Option(help="folder for all data")] = None,
    port: Annotated[int, typer.Option(help="port of the API; 0 = any free port")] = 0,
    processes: Annotated[int, typer.Option(help="worker processes; 0 = one per CPU core")] = 0,
    clip: Annotated[Path | None, typer.Option(help="a file to submit right away")] = None,
    exercise: Annotated[str, typer.Option(help="exercise of the clip")] = "squat",
    once: Annotated[bool, typer.Option("--once", help="stop when the job has ended")] = False,
) -> None:
    """Start embedded servers, a worker and the API, and serve until Ctrl-C."""
    from worker.embedded.processes import StartFailed
    from worker.embedded.stack import AlreadyRunning, System, serve_until_stopped
    from worker.settings import settings

    stop = _Stop()
    usual = settings().models
    folder = (data or settings().data_dir).resolve()
    os.environ["POSEQUEUE_DATA_DIR"] = str(folder)  # where the demo looks for the server's address
    if clip is not None and not clip.is_file():
        raise typer.BadParameter(f"there is no file {clip}")
    settings.cache_clear()
    _prepare_models(settings().models, usual)
    settings.cache_clear()  # it may have chosen another folder of models
    try:
        with System(folder, port=port, processes=processes, say=say) as system:
            good = _demo(clip, exercise) if clip else True
            if not once:
                say(f"\nserving on {system.address.server} - Ctrl-C stops everything")
                say(f"page       {system.page_address(exercise)}")
                say("submit with: .venv/bin/posequeue submit FILE --exercise squat --follow")
                serve_until_stopped(system, stop)
            raise typer.Exit(0 if good else 1)
    except AlreadyRunning as error:
        say(f"{error}: it takes the job, and nothing else is started")
        raise typer.Exit(0 if clip is None or _demo(clip, exercise) else 1) from error
    except KeyboardInterrupt:
        say("stopped")
    except StartFailed as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


def _prepare_models(folder: Path, usual: Path) -> None:
    """Sets the worker's folder of models: `folder`, else `usual`, whichever has them all.

    Installs them into `folder` where neither has; exits with status 1 where that fails.
    """
    from worker.pose.conversion.errors import WeightsError
    from worker.pose.weights.install import install, installed
    from worker.pose.weights.registry import DEFAULT_MODELS

    for known in (folder, usual):
        if len(installed(known, DEFAULT_MODELS)) == len(DEFAULT_MODELS):
            os.environ["POSEQUEUE_MODELS_DIR"] = str(known.resolve())
            return
    say(f"models     installing {len(DEFAULT_MODELS)} into {folder}")
    try:
        install(DEFAULT_MODELS, folder, progress=lambda line: say(f"           {line}"))
    except WeightsError as error:
        typer.echo(f"no pose models in {folder}: {error}; run `posequeue models install`", err=True)
        raise typer.Exit(1) from error


def _demo(file: Path, exercise: str) -> bool:
    from worker.cli.demo import run_demo

    return run_demo(file, exercise)
