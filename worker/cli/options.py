"""Options of a job as options of a command, in kebab-case, made from the contract's table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from worker.contract.errors import JobError
from worker.contract.options import PARSERS, JobOptions, parse_options

_HELP = {
    "source": "video or image; found out from the file where not given",
    "exercise": "what to count, e.g. squat (see `posequeue exercises`); auto: what is recognised",
    "reference": "reference movement instead of an exercise: its id, for `analyze` its file",
    "minGrade": "A to D: reps below are not counted",
    "keypoints": "joints of every frame",
    "angles": "joint angles of every frame",
    "progression": "progress within a rep",
    "recommendations": "advice",
    "blazepose": "33 landmarks instead of 17 keypoints",
    "skeleton": "draw the skeleton in exports",
    "blurFaces": "blur the subject's face in exports and overlays",
    "subject": "of several people: auto, largest, left, centre, right, or a point x,y (0-1)",
    "poseBackend": "webgl prefers a GPU, wasm a CPU",
    "profile": "fast, balanced or accurate joints; of the 17 keypoints alone",
    "userHeightCm": "body height, for jump_analysis",
    "devicePitchDeg": "camera pitch, for jump_analysis",
    "difficulty": "easy, normal or pro",
    "language": "of advice: en, fr, de, es or pt",
    "firehose": "none, events or all",
}


def kebab(name: str) -> str:
    """`minGrade` as `min-grade`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name)


def _snake(name: str) -> str:
    return kebab(name).replace("-", "_")


def _parameter(name: str) -> inspect.Parameter:
    default = getattr(JobOptions(), name)
    if isinstance(default, bool):
        flags = f"--{kebab(name)}" + (f"/--no-{kebab(name)}" if default else "")
        option = typer.Option(flags, help=_HELP[name])
        kind: Any = Annotated[bool, option]
    else:
        kind = Annotated[str | None, typer.Option(f"--{kebab(name)}", help=_HELP[name])]
        default = None
    return inspect.Parameter(
        _snake(name), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
    )


def with_job_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command that takes `**options` every option of a job but `export`."""
    own = inspect.signature(function, eval_str=True)
    named = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    added = [_parameter(name) for name in PARSERS if name != "export"]

    def command(**given: Any) -> Any:
        return function(**given)

    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in named] + added
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def job_options(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A command's options as a request's fields, defaults left out; checks them on the way.

    Raises typer.BadParameter where the contract refuses them.
    """
    defaults = JobOptions()
    fields = {
        name: given[_snake(name)]
        for name in PARSERS
        if _snake(name) in given and given[_snake(name)] not in (None, getattr(defaults, name))
    } | {name: value for name, value in more.items() if value is not None}
    try:
        parse_options(fields)
    except JobError as error:
        raise typer.BadParameter(error.message) from error
    return fields
