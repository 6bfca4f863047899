"""The table of states and transitions in worker/README.md, and the scripts that make them."""

from __future__ import annotations

import re
from pathlib import Path

WORKER = Path(__file__).resolve().parents[2] / "worker"
STATES = {"nothing", "waiting", "handed out", "running", "over"}
_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", re.MULTILINE)
_EDGE = re.compile(r"^ +(\S+) --> (\S+): (.+)$", re.MULTILINE)
_LINE = re.compile(r"^-- transition: (.+) -> (.+)$", re.MULTILINE)


def states(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(","))


def told() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Transitions of the table, by the script's name."""
    section = (WORKER / "README.md").read_text().split("## Job states")[1].split("\n## ")[0]
    return {row[1]: (states(row[2]), states(row[3])) for row in _ROW.finditer(section)}


def drawn() -> set[tuple[str, str, str]]:
    """Transitions of the drawing: state before, state after, script."""
    section = (WORKER / "README.md").read_text().split("stateDiagram-v2")[1].split("```")[0]
    return {
        (state_of(before), state_of(after), script)
        for before, after, scripts in _EDGE.findall(section)
        for script in scripts.split(", ")
    }


def state_of(name: str) -> str:
    return "nothing" if name == "[*]" else name.replace("_", " ")


def made() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Transitions that the scripts say they make."""
    found = {}
    for path in (WORKER / "storage").rglob("*.lua"):
        for line in _LINE.finditer(path.read_text()):
            found[path.stem] = (states(line[1]), states(line[2]))
    return found


def test_the_table_is_that_of_the_scripts() -> None:
    assert told() == made() and len(told()) == 7
    for before, after in told().values():
        assert before | after <= STATES


def test_the_drawing_is_that_of_the_table() -> None:
    told_ones = {
        (before, after, script)
        for script, (befores, afters) in told().items()
        for before in befores
        for after in afters
    }
    assert drawn() == told_ones


def test_only_these_scripts_give_or_end_a_lease_or_change_a_jobs_state() -> None:
    """A script that touches a lease, or the lists of the queue, without saying so is a hole."""
    for path in (WORKER / "storage" / "jobs" / "lua").glob("*.lua"):
        text = path.read_text()
        moves = re.search(r"\b(push|unlist|run)\(|'status', '\"", text)
        assert (path.stem in made()) or not moves, path.name


def test_every_state_can_be_left_and_reached() -> None:
    left = frozenset[str]().union(*(before for before, _ in told().values()))
    reached = frozenset[str]().union(*(after for _, after in told().values()))
    assert left == reached == STATES
