"""Lua scripts, which Redis runs atomically, in files `lua/<name>.lua` beside their modules.

A first line `-- uses: a, queue/b` puts the functions of other scripts before a script: of the same
package, or of another package of `worker.storage`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

_USES = re.compile(r"^-- uses: (.+)\n")


@cache
def load_script(package: str | None, name: str) -> str:
    """Returns the text of a script of a package, with what it uses; raises FileNotFoundError."""
    path = files(package or "").joinpath("lua", f"{name}.lua")
    text = path.read_text(encoding="utf-8")
    uses = _USES.match(text)
    parts = []
    for used in uses[1].split(", ") if uses else ():
        folder, _, other = used.rpartition("/")
        parts.append(load_script(f"worker.storage.{folder}" if folder else package, other))
    return "".join([*parts, text])


class Scripts:
    """The scripts of a package, run by name on a client."""

    def __init__(self, client: Any, package: str | None) -> None:
        self._client = client
        self._package = package
        self._known: dict[str, Any] = {}

    def __call__(
        self, name: str, keys: Sequence[str], args: Sequence[Any] = (), pipe: Any = None
    ) -> Any:
        """Runs a script and returns its reply, or adds it to a pipeline."""
        script = self._known.get(name)
        if script is None:
            text = load_script(self._package, name)
            script = self._known[name] = self._client.register_script(text)
        return script(keys=keys, args=args, client=pipe)
