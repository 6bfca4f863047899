"""The job options as command-line options in kebab-case, made from the contract's parsers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from worker.contract.errors import JobError
from worker.contract.options import PARSERS, JobOptions, parse_options

_HELP = {
    "source": "video or image; default: detected from the file",
    "exercise": "what to count, e.g. squat (see `posequeue exercises`); auto: what is recognised",
    "reference": "reference movement instead of an exercise: its id, for `analyze` its file",
    "minGrade": "A to D: reps with a lower grade are not counted",
    "keypoints": "send the keypoints of every frame",
    "angles": "send the joint angles of every frame",
    "progression": "send the progress within each rep",
    "recommendations": "send advice on form",
    "blazepose": "33 landmarks instead of 17 keypoints",
    "skeleton": "draw the skeleton in exports",
    "blurFaces": "blur the subject's face in exports and overlays",
    "subject": "who to analyse: auto, largest, left, centre, right, or a point x,y (0-1)",
    "poseBackend": "webgl prefers a GPU, wasm a CPU",
    "profile": "fast, balanced or accurate model of the 17 keypoints",
    "sampling": "frames a second to analyse: auto, native or a number",
    "userHeightCm": "body height in cm, for jump_analysis",
    "devicePitchDeg": "camera pitch in degrees, for jump_analysis",
    "difficulty": "easy, normal or pro",
    "language": "language of texts: en, fr, de, es or pt",
    "firehose": "messages that go to the firehose: none, events or all",
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
    """Decorates a command that takes `**options`: adds every job option except `export`."""
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
    """A command's options as the fields of a job request, without those at their default.

    `more` are further fields, None = not given. Raises typer.BadParameter for an invalid value.
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
