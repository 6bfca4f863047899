"""HOSTILE.md: every hostile input that was tried, and what it got."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import machine
from tests.chaos.bombs import BOMBS, placed
from tests.chaos.mutations import MUTATIONS
from tests.chaos.pointers import pointers, traps
from tests.chaos.seeds import edge_files

if TYPE_CHECKING:
    from tests.chaos.fuzz import Tally

HOSTILE = Path(__file__).resolve().parent.parent / "bench" / "HOSTILE.md"
_CLIP = Path(__file__).resolve().parent.parent / "clips" / "standing_5s.mp4"

_HEAD = """# Hostile media: what was tried, what it got

Written by `make fuzz`. Every file goes the way of an upload with the model left out: sniffed,
probed, decoded to its end (one in ten of the fuzzed ones is exported, too). `taken` means that it
was read to its end; anything else is the contract's code that the job would fail with. After each
file the processes, open files and temporary files of the worker are counted: whatever is left
behind, any other exception, a code that is not the contract's (or `internal`), and a file that
takes over 300 s are violations. Seconds are of wall time on a machine that did other work, CPU-s
are of this process and its children.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:140]


class Report:
    """Tries the fixed sets and writes all tables down; `violations` counts what must not be."""

    def __init__(self, seed: int, seconds: float) -> None:
        self.violations = 0
        self._about = f"Seed {seed}, {seconds:g} s of fuzzing.\n"
        self._parts: list[str] = []

    def text(self) -> str:
        """The whole file."""
        total = f"**Violations: {self.violations}.**\n"
        return "\n".join([_HEAD, f"{machine.stamp()}. {self._about}", total, *self._parts])

    def _table(self, title: str, head: str, rows: list[str], note: str = "") -> None:
        columns = "|".join("---" for _ in head.split("|"))
        text = "\n".join(f"| {row} |" for row in rows)
        self._parts.append(
            f"## {title}\n\n{note}{chr(10) * 2 if note else ''}| {head} |\n|{columns}|\n{text}\n"
        )

    def _row(self, name: str, path: Path) -> str:
        from tests.chaos.fuzz import watched

        outcome, wrong = watched(path)
        self.violations += bool(wrong)
        if outcome is None:
            return f"{name} | **violation** | {_cell(wrong)} | |"
        code = f"**violation** {_cell(wrong)}" if wrong else f"`{outcome.code}`"
        cost = f"{outcome.seconds:.1f} | {outcome.cpu_seconds:.1f}"
        return f"{name} | {code} | {_cell(outcome.words)} | {cost}"

    def bombs(self, folder: Path) -> None:
        """Small files that would be huge."""
        rows = []
        for name, bomb in BOMBS.items():
            path = placed(name, folder)
            size = path.stat().st_size
            about = f"{(bomb.__doc__ or '').strip()} {size / 1000:,.0f} kB"
            rows.append(self._row(_cell(about), path))
            path.unlink()
        self._table("Bombs", "file | got | in words | s | CPU-s", rows)

    def pointers(self, folder: Path) -> None:
        """Files that name other files and addresses."""
        from tests.chaos.fuzz import watched

        target, given = folder / "target.mp4", folder / "pointer"
        shutil.copy(_CLIP, target)
        for place, mode in ((folder, 0o755), (target, 0o644)):
            place.chmod(mode)  # were it opened, no permission would save it
        got: dict[str, Counter[str]] = {}
        sprung: Counter[str] = Counter()
        with traps(target) as set_up:
            cases = list(pointers(target, set_up.port))
            set_up.sprung()
            for form, _, data in cases:
                given.write_bytes(data)
                outcome, wrong = watched(given)
                followed = set_up.sprung()
                sprung[form] += bool(followed)
                self.violations += bool(wrong) or bool(followed)
                code = wrong or (outcome.code if outcome else "")
                got.setdefault(form, Counter())[
                    f"`{code}`" + (followed and f" **{followed}**")
                ] += 1
        rows = [
            f"{form} | {', '.join(f'{code} {count}x' for code, count in codes.items())} | "
            f"{sprung[form]}"
            for form, codes in got.items()
        ]
        note = (
            "Each names a local file that anybody may read, the same as a `file:` address, and a "
            "listening port. The file is watched by inotify, the port by a server; that both traps "
            "spring on an open door is a test of its own (`tests/chaos/test_pointers.py`)."
        )
        self._table("Pointers", "form | got | read or connected", rows, note)

    def edge(self) -> None:
        """Every file of the edge set."""
        rows = [self._row(f"`{path.name}`", path) for path in edge_files()]
        note = "" if rows else "The edge set was not there."
        self._table("The edge set", "file | got | in words | s | CPU-s", rows, note)

    def fuzzed(self, tallies: dict[str, Tally]) -> None:
        """The classes of the fuzzer."""
        rows = []
        for name, tally in tallies.items():
            self.violations += len(tally.violations)
            codes = ", ".join(f"`{code}` {count}" for code, count in tally.codes.most_common())
            about = (MUTATIONS[name].__doc__ or "").strip()
            found = "; ".join(map(_cell, tally.violations)) or "0"
            rows.append(
                f"{name}: {about} | {tally.files} | {codes} | {tally.slowest_s:.1f} | {found}"
            )
        whole = sum(tally.files for tally in tallies.values())
        note = f"{whole} files, each made again by its seed and number."
        self._table("Fuzzing", "class | files | got | slowest, s | violations", rows, note)
