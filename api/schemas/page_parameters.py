"""Reads job options from the URL of the upload page; values not understood are reported as ignored.

Hosts build the URL from variables, so that one odd value (`undefined`, `NaN`, a UUID in place of a
boolean) must not lock users out of the page. The JSON API stays strict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.contract.errors import ErrorCode, JobError
from worker.contract.options import EXPORT_KINDS, LAYOUT, PARSERS

ALIASES = {"reference_movement": "reference", "android": "isAndroid"}
"""Other names of parameters; the option's own name wins where both are given."""

WITHOUT_EFFECT = frozenset(
    {
        "scoring_profile", "postureBox", "mediapipeModel", "runInWorker", "poseEngine",
        "loading_message", "userExercise", "placement", "placementCountdownSeconds",
        "placementTimer", "timer", "token", "lang", "videoSrc", "imageSrc", "profile", "firehose",
    }
)  # fmt: skip
"""Known parameters that are not options of the page's job, so that they are not reported."""

_NO_VALUES = frozenset({"", "undefined", "null", "none", "nan", "[object object]"})
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_SWITCHES = frozenset(
    {
        "keypoints", "angles", "progression", "recommendations", "export", "blazepose",
        "skeleton", "blurFaces",
    }
)  # fmt: skip
_SKELETON = re.compile(r"default|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
"""The id of a host's own skeleton design: only one design exists, so it means `true`."""

_LANGUAGES = ("en", "fr", "de", "es", "pt")
_MOST_SHOWN = 60


@dataclass
class PageParameters:
    """Values for `parse_options` by option, and the ignored parameters with their values."""

    values: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)


def read_page_parameters(query: Mapping[str, str]) -> PageParameters:
    """Selects the options among a page's parameters, with values that their parsers accept.

    `parse_options` may still refuse an unknown exercise, or a reference beside an exercise.
    """
    found = PageParameters()
    for given, text in query.items():
        name = ALIASES.get(given, given)
        if name in LAYOUT or name in WITHOUT_EFFECT or (name != given and name in query):
            continue
        value = _meant(name, text.strip()) if name in PARSERS else None
        if value is not None:
            found.values[name] = value
        elif text.strip():
            found.ignored[given[:_MOST_SHOWN]] = text[:_MOST_SHOWN]
    if "language" not in found.values and (language := read_language(query)) != "en":
        found.values["language"] = language
    return found


def read_language(query: Mapping[str, str]) -> str:
    """Returns the language of the page's texts; English where another or none is wanted."""
    wanted = query.get("language") or query.get("lang") or ""
    language = wanted.lower().replace("_", "-").split("-")[0]
    return language if language in _LANGUAGES else "en"


def _meant(name: str, text: str) -> str | None:
    """Returns the value as the API spells it; None for an empty or invalid one."""
    if text.lower() in _NO_VALUES:
        return None
    value = _switch(name, text) if name in _SWITCHES else text
    try:
        PARSERS[name](name, value)
    except JobError as error:
        if error.code == ErrorCode.INVALID_PARAMETER:
            return None
    return value


def _switch(name: str, text: str) -> str:
    word = text.lower()
    if word in _TRUE or (name == "skeleton" and _SKELETON.fullmatch(word)):
        return "true"
    if word in _FALSE:
        return "false"
    if name == "export":
        return ",".join(kind for kind in EXPORT_KINDS if kind in re.split(r"[\s,]+", word)) or text
    return text
