"""Sections of figures, and RESULTS.md, in which a section not measured again stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Spread

RESULTS = Path(__file__).parent / "RESULTS.md"

_MARK = "<!-- section {} -->"
_SECTION = re.compile(r"<!-- section (\S+) -->\n(.*?)(?=<!-- section |\Z)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_HEAD = """# Measured by `make bench`

What is compared ran in turns within one run. Figures are medians; the range is from the least to
the greatest run. CPU-seconds are user and system time of a process and all its children.
"""


@dataclass(frozen=True)
class Row:
    """A figure: what it is, its value with unit, its range, number of runs, what is aimed at."""

    what: str
    value: str
    extent: str = ""
    runs: str = ""
    aim: str = ""


@dataclass(frozen=True)
class Section:
    """A table under a title, with sentences that say how it was measured."""

    name: str
    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def row(what: str, values: Spread, unit: str, aim: str = "", digits: int = 2) -> Row:
    """A row of a spread."""
    extent = f"{values.low:.{digits}f} - {values.high:.{digits}f}"
    value = f"{values.median:.{digits}f} {unit}".strip()
    return Row(what, value, extent, str(values.runs), aim)


def text_of(section: Section, stamp: str) -> str:
    """The section as Markdown."""
    lines = [
        f"## {section.title}",
        "",
        "| | median | range | runs | aim |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {r.what} | {r.value} | {r.extent} | {r.runs} | {r.aim} |" for r in section.rows]
    lines += ["", *(f"{note}  " for note in section.notes), f"_{stamp}_", ""]
    return "\n".join(lines)


def figures(text: str | None = None) -> dict[str, dict[str, Row]]:
    """The rows of RESULTS.md (or of `text`) by section, then by what they are; a row that begins
    with a dot has the name of the one above it before its own: "accepted · one client"."""
    found: dict[str, dict[str, Row]] = {}
    for name, section in _SECTION.findall(text or RESULTS.read_text()):
        above, rows = "", found.setdefault(name, {})
        for line in section.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not line.startswith("| ") or len(cells) != 5 or not any(cells):
                continue
            what = cells[0].replace("**", "")
            if what.startswith("· "):
                what = f"{above} {what}"
            else:
                above = what
            rows.setdefault(what, Row(what, *cells[1:]))
    return found


def number(row: Row) -> float:
    """The first number of its value."""
    first = _NUMBER.search(row.value)
    assert first, row
    return float(first[0])


def save(sections: dict[str, str], machine: dict[str, str], order: tuple[str, ...]) -> None:
    """Writes RESULTS.md: `sections` by name in `order`; what is not among them is kept."""
    kept = dict(_SECTION.findall(RESULTS.read_text())) if RESULTS.is_file() else {}
    whole = {**kept, **sections}
    lines = [_HEAD, "| machine of the last run | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in machine.items()]
    text = "\n".join(lines) + "\n\n"
    for name in (*order, *sorted(set(whole) - set(order))):
        if name in whole:
            text += f"{_MARK.format(name)}\n{whole[name].rstrip()}\n\n"
    RESULTS.write_text(text.rstrip() + "\n")
