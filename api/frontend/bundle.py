"""One script of many JavaScript modules, so that a slow line is waited for once.

Each module becomes a function that returns its exports, in the order of their imports. It reads the
forms of `import` and `export` that the pages use and refuses others.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

_IMPORT = re.compile(r'^import \{ (.+) \} from "(\.[^"]+)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.M)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.M)
_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/\n", re.M | re.S)


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """Returns the module `entry` and all that it imports as one script.

    `modules` are sources by path. Raises KeyError for an import of none of them, ValueError for
    circular imports, for an import of a name that its module does not export, and for a form of
    import or export that is not known here.
    """
    imports: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in imports:
            imports[path] = []
            for wanted, target in _IMPORT.findall(modules[path]):
                imports[path].append(_resolve(path, target))
                _check(path, wanted, imports[path][-1], modules)
            waiting += imports[path]
    order = list(TopologicalSorter(imports).static_order())
    names = {path: f"m{number}" for number, path in enumerate(order)}
    return "".join(_function(path, modules[path], names) for path in order)


def _resolve(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _check(path: str, wanted: str, target: str, modules: Mapping[str, str]) -> None:
    """Refuses, as a browser does, names that are not there: they would be undefined here."""
    names = {name.split(" as ")[0].strip() for name in wanted.split(",")}
    if missing := names - set(_EXPORT.findall(modules[target])):
        raise ValueError(f"{path}: {target} does not export {', '.join(sorted(missing))}")


def _function(path: str, source: str, names: Mapping[str, str]) -> str:
    def imported(match: re.Match[str]) -> str:
        wanted, target = match.groups()
        return f"const {{ {wanted.replace(' as ', ': ')} }} = {names[_resolve(path, target)]};\n"

    body = _IMPORT.sub(imported, _COMMENT.sub("", source))
    exports = ", ".join(_EXPORT.findall(body))
    body = _EXPORT.sub("", body)
    if other := _OTHER.search(body):
        raise ValueError(f"{path}: cannot bundle '{other[0]}'")
    return f"const {names[path]} = (() => {{ // {path}\n{body}return {{ {exports} }};\n}})();\n"
