"""The part of a lock that one image needs, with every hash kept.

    python subset.py LOCK PYPROJECT [--extra NAME]... [--also PACKAGE]... [--only PACKAGE]...

The lock holds what development needs too. Each package's `# via` comment names what wants it, so
the packages wanted by the project, by its extras or by name, and by those in turn, can be picked
without asking a registry. The pick may hold a package too many (a `via` does not say under which
extra), never one too few: `pip install --require-hashes` refuses a file that is not whole.

Standard library alone: it runs in a bare Python image. Raises SystemExit for an unknown name.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

_ENTRY = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> list[tuple[str, str, set[str]]]:
    """Name, text and wanters of each entry; a package with several markers has several."""
    starts = [match.start() for match in _ENTRY.finditer(lock)] + [len(lock)]
    found = []
    for start, end in itertools.pairwise(starts):
        text = lock[start:end]
        name = normal(text.partition("==")[0])
        comments = [line.strip(" #") for line in text.splitlines() if line.startswith("    #")]
        via = {normal(words.removeprefix("via").split()[0]) for words in comments if words != "via"}
        found.append((name, text, via))
    return found


def roots(pyproject: Path, extras: list[str]) -> set[str]:
    """What the project itself wants, with these extras."""
    project = tomllib.loads(pyproject.read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return {normal(_NAME.match(line)[0]) for line in wanted}  # type: ignore[index]


def subset(lock: str, wanted: set[str]) -> str:
    """The entries of `wanted` and of all that these want, in the lock's order."""
    wants: dict[str, set[str]] = defaultdict(set)
    for name, _, via in entries(lock):
        for wanter in via:
            wants[wanter].add(name)
    unknown = wanted - {name for name, _, _ in entries(lock)}
    if unknown:
        raise SystemExit(f"the lock does not hold {', '.join(sorted(unknown))}")
    picked: set[str] = set()
    ahead = set(wanted)
    while ahead:
        name = ahead.pop()
        picked.add(name)
        ahead |= wants[name] - picked
    return "".join(text for name, text, _ in entries(lock) if name in picked)


def main() -> None:
    """Prints the part asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lock", type=Path)
    parser.add_argument("pyproject", type=Path)
    parser.add_argument("--extra", action="append", default=[], help="an extra of the project")
    parser.add_argument("--also", action="append", default=[], help="a package besides")
    parser.add_argument(
        "--only", action="append", default=[], help="these instead of the project's"
    )
    given = parser.parse_args()
    wanted = {normal(name) for name in given.only} or roots(given.pyproject, given.extra)
    picked = subset(given.lock.read_text(), wanted | {normal(name) for name in given.also})
    sys.stdout.write(picked)


if __name__ == "__main__":
    main()
