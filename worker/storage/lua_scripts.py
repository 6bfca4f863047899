"""Loads Lua scripts, which Redis runs atomically, from files beside the modules that run them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load_script(package: str | None, *names: str) -> str:
    """Returns the joined texts of `lua/<name>.lua` of a package.

    Functions of the first scripts can be used by the last. Raises FileNotFoundError.
    """
    folder = files(package or "").joinpath("lua")
    return "".join(folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names)
