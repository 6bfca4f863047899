"""Where code may stand: what import-linter's contracts (pyproject.toml) cannot say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
LOOSE = {"worker": {"__init__", "settings"}, "api": {"__init__", "app", "server"}}
OF_THE_API = {
    "contract", "settings", "observability", "storage", "lifecycle", "queueing", "submission",
    "net", "webhooks",
}  # fmt: skip
LONGEST_CHAIN = 9


@cache
def room_imports() -> dict[str, set[str]]:
    """Which rooms each room imports modules of."""
    graph = grimp.build_graph("worker", "api", cache_dir=None)
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        importer = _room(module)
        for target in graph.find_modules_directly_imported_by(module):
            imported = _room(target)
            if imported != importer:
                found.setdefault(importer, set()).add(imported)
    return found


def _room(module: str) -> str:
    """The room a module stands in: `worker.<room>`, or `api` as a whole."""
    return ".".join(module.split(".")[: 2 if module.startswith("worker") else 1])


@pytest.mark.parametrize("package", LOOSE)
def test_nothing_is_loose_at_the_top(package: str) -> None:
    assert {path.stem for path in (ROOT / package).glob("*.py")} == LOOSE[package]


def test_the_api_imports_a_few_rooms_of_the_worker_alone() -> None:
    imported = {
        target.split(".")[1]
        for importer, targets in room_imports().items()
        for target in targets
        if importer.startswith("api") and target.startswith("worker.")
    }
    assert imported <= OF_THE_API


def test_chains_of_imports_are_short_and_end() -> None:
    """Counts rooms from the top down; a circle would never end."""
    imports = room_imports()

    def length(package: str, above: tuple[str, ...] = ()) -> int:
        assert package not in above, f"a circle of imports: {(*above, package)}"
        below = imports.get(package, ())
        return 1 + max((length(one, (*above, package)) for one in below), default=0)

    assert max(map(length, imports)) <= LONGEST_CHAIN
