"""Lua scripts that Redis runs as one step; each stands in a file of the package that runs it."""

from __future__ import annotations

from importlib.resources import files


def load_script(package: str | None, *names: str) -> str:
    """The texts of `lua/<name>.lua` of a package, one after the other.

    The first of several defines what the last uses. Raises FileNotFoundError where one is missing.
    """
    folder = files(package or "").joinpath("lua")
    return "".join(folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names)
