"""Options of a job: one frozen struct, and its parsing from a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from worker.contract.errors import (
    BOTH_MODES,
    MISSING_HEIGHT,
    ErrorCode,
    JobError,
)
from worker.contract.exercises import resolve_exercise
from worker.contract.grades import Grade
from worker.contract.media import Source

Difficulty = Literal["easy", "normal", "pro"]
Firehose = Literal["none", "events", "all"]
Backend = Literal["webgl", "wasm"]
ExportKind = Literal["video", "keypoints", "report", "poster"]
EXPORT_KINDS: tuple[ExportKind, ...] = ("video", "keypoints", "report", "poster")
"""Kinds that `export` may list; `true` means the first."""
SUBJECTS = ("auto", "largest", "left", "centre", "right")
"""Who of several people to analyse; `auto` is the one who exercises."""
SAMPLINGS = ("auto", "native")
SAMPLING_FPS = (1, 240)
"""Least and greatest number of frames a second that a job may ask for."""
Profile = Literal["fast", "balanced", "accurate"]
"""Trade-off between the cost of a job and the accuracy of its joints."""

LAYOUT = frozenset(
    {
        "showUpload", "width", "height", "containerMinHeight", "containerMaxWidth",
        "containerMaxHeight", "objectFit", "uploadButtonPosition", "uploadAreaPadding",
        "uploadLabel", "isAndroid",
    }
)  # fmt: skip
"""Parameters that only the upload page reads."""


class JobOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Options of a job under their names in a request. `exercise` is a catalogue id or AUTO;
    `subject` is one of SUBJECTS, or a point "x,y" (0-1) on the person in the first picture that
    shows them; `sampling` says how many frames a second are analysed: "auto" is as many as the
    exercise asks for and all where joints are sent, "native" all of them."""

    source: Source = "video"
    exercise: str | None = None
    reference: str | None = None
    minGrade: Grade | None = None
    keypoints: bool = False
    angles: bool = False
    progression: bool = False
    recommendations: bool = False
    export: bool | tuple[ExportKind, ...] = False
    blazepose: bool = False
    skeleton: bool = True
    blurFaces: bool = False
    subject: str = "auto"
    poseBackend: Backend | None = None
    profile: Profile | None = None
    sampling: str | None = None
    userHeightCm: float | None = None
    devicePitchDeg: float | None = None
    difficulty: Difficulty = "normal"
    language: Literal["en", "fr", "de", "es", "pt"] = "en"
    firehose: Firehose = "events"

    @property
    def export_kinds(self) -> tuple[ExportKind, ...]:
        """The kinds of export that are wanted."""
        if isinstance(self.export, bool):
            return EXPORT_KINDS[:1] if self.export else ()
        return self.export

    @property
    def tracks_movement(self) -> bool:
        """Whether an exercise or a reference is followed; never in a still image."""
        return self.source == "video" and bool(self.exercise or self.reference)

    @property
    def streams_keypoints(self) -> bool:
        """Whether each frame's pose is sent: on request, or where there is nothing else to send."""
        return self.keypoints or not self.tracks_movement


_LARGE = 10**18
_SHOWN = 200
_DIFFICULTIES: dict[str, Difficulty] = {
    "easy": "easy",
    "pro": "pro",
    "hard": "pro",
    "normal": "normal",
    "medium": "normal",
}


def _shown(value: Any) -> str:
    """The value as text, cut off: an error must not be as long as what it refuses."""
    if isinstance(value, int) and abs(value) >= _LARGE:
        return "such a number"  # Python refuses to print one of more than 4300 digits
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _refuse(name: str, value: Any, allowed: Any) -> JobError:
    return JobError(
        ErrorCode.INVALID_PARAMETER,
        f"Parameter '{name}' does not take {_shown(value)}; allowed: {allowed}",
        {"parameter": name, "allowed": allowed},
    )


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _refuse(name, value, ["true", "false"])


def _export(name: str, value: Any) -> bool | tuple[ExportKind, ...]:
    """True or false, or export kinds as a list or a text with commas."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return _boolean(name, value)
    given = value.split(",") if isinstance(value, str) else value
    wanted = [str(kind).strip().lower() for kind in given] if isinstance(given, list) else [""]
    if not set(wanted) <= set(EXPORT_KINDS):
        raise _refuse(name, value, ["true", "false", *EXPORT_KINDS])
    return tuple(kind for kind in EXPORT_KINDS if kind in wanted) or False


def _choice(*allowed: str) -> Callable[[str, Any], str]:
    def parse(name: str, value: Any) -> str:
        if isinstance(value, str) and value.lower() in allowed:
            return value.lower()
        raise _refuse(name, value, list(allowed))

    return parse


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def parse(name: str, value: Any) -> float:
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if low <= number <= high:
            return number
        raise _refuse(name, value, f"a number from {low:g} to {high:g}")

    return parse


def _subject(name: str, value: Any) -> str:
    text = str(value).strip().lower().replace("center", "centre")
    if isinstance(value, str) and text in SUBJECTS:
        return text
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        x = y = -1.0
    if 0 <= x <= 1 and 0 <= y <= 1:
        return f"{x:g},{y:g}"
    raise _refuse(name, value, [*SUBJECTS, "x,y"])


def _sampling(name: str, value: Any) -> str:
    text = str(value).strip().lower()
    if isinstance(value, str) and text in SAMPLINGS:
        return text
    try:
        return f"{_number(*SAMPLING_FPS)(name, value):g}"
    except JobError:
        low, high = SAMPLING_FPS
        allowed = [*SAMPLINGS, f"{low} to {high} frames a second"]
        raise _refuse(name, value, allowed) from None


def _grade(name: str, value: Any) -> str:
    if isinstance(value, str) and value.upper() in ("A", "B", "C", "D"):
        return value.upper()
    raise _refuse(name, value, ["A", "B", "C", "D"])


def _text(name: str, value: Any) -> str:
    if isinstance(value, str) and 0 < len(value) <= 200:
        return value
    raise _refuse(name, value, "a text of 1 to 200 characters")


def _exercise(name: str, value: Any) -> str:
    return resolve_exercise(_text(name, value))


def _difficulty(_name: str, value: Any) -> Difficulty:
    return _DIFFICULTIES.get(str(value).lower(), "normal")


PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "source": _choice("video", "image"),
    "exercise": _exercise,
    "reference": _text,
    "minGrade": _grade,
    "keypoints": _boolean,
    "angles": _boolean,
    "progression": _boolean,
    "recommendations": _boolean,
    "export": _export,
    "blazepose": _boolean,
    "skeleton": _boolean,
    "blurFaces": _boolean,
    "subject": _subject,
    "poseBackend": _choice("webgl", "wasm"),
    "profile": _choice(*get_args(Profile)),
    "sampling": _sampling,
    "userHeightCm": _number(50, 280),
    "devicePitchDeg": _number(-90, 90),
    "difficulty": _difficulty,
    "language": _choice("en", "fr", "de", "es", "pt"),
    "firehose": _choice("none", "events", "all"),
}
"""Parser of each option: (name, value of the request) -> value; raises JobError
`invalid_parameter`, or `invalid_exercise`."""

assert set(PARSERS) == set(JobOptions.__struct_fields__)


def parse_options(values: Mapping[str, Any]) -> JobOptions:
    """Options from a request's fields.

    Null and empty values count as not given. Raises JobError `invalid_parameter` (for an unknown
    field too), `invalid_exercise` or `jump_analysis_missing_height`.
    """
    unknown = sorted(set(values) - set(PARSERS))
    if unknown:
        raise JobError(
            ErrorCode.INVALID_PARAMETER,
            f"Unknown parameter '{unknown[0]}'",
            {"parameter": unknown[0], "allowed": sorted(PARSERS)},
        )
    parsed = {
        name: PARSERS[name](name, value)
        for name, value in values.items()
        if value is not None and value != ""
    }
    options = JobOptions(**parsed)
    check_options(options)
    return options


def check_options(options: JobOptions) -> None:
    """Raises JobError where options that are valid alone do not go together."""
    if options.exercise and options.reference:
        raise JobError(
            ErrorCode.INVALID_PARAMETER,
            BOTH_MODES,
            {"parameter": "reference", "allowed": "either exercise or reference"},
        )
    video = options.source == "video"
    if video and options.exercise == "jump_analysis" and options.userHeightCm is None:
        raise JobError(
            ErrorCode.JUMP_ANALYSIS_MISSING_HEIGHT, MISSING_HEIGHT, {"parameter": "userHeightCm"}
        )
