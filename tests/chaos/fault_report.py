"""The table of `make chaos`, a section of its own in tests/bench/RESULTS.md."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

from tests.bench import machine
from tests.bench.report import RESULTS
from tests.chaos.faults import Fault
from tests.chaos.trial import Injected, Outcome

_MARK = "<!-- section chaos -->"
_SECTION = re.compile(rf"{re.escape(_MARK)}\n.*?(?=<!-- section |\Z)", re.DOTALL)


def text_of(faults: Sequence[Fault], outcomes: Sequence[Outcome]) -> str:
    """The section as Markdown."""
    injected = [one for outcome in outcomes for one in outcome.faults]
    lines = [
        "## Faults injected, and what was lost",
        "",
        "| fault | times | jobs under way | next job ended after, p50 · max | those under way ended"
        " after, p50 · max |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(f.name, [one for one in injected if one.name == f.name]) for f in faults]
    lines.append(_row("**all**", injected))
    violations = sum(len(outcome.violations) for outcome in outcomes)
    jobs = sum(outcome.jobs for outcome in outcomes)
    ended = sum(len(outcome.ended) for outcome in outcomes)
    seeds = ", ".join(str(outcome.seed) for outcome in outcomes)
    lines += [
        "",
        f"**{violations} violations** among {jobs} jobs accepted in {len(outcomes)} runs (seeds "
        f"{seeds}). Counted per run: every job",
        "ended once and `succeeded`; its stream, archive and exports are those of an undisturbed",
        "run byte for byte (links apart); every webhook came, under one id per event; nothing was",
        "left in queues, leases and lanes, in S3, in temporary folders, among processes; and",
        "nothing in Redis or S3 after every job was erased.",
        f"Seconds are from the moment a fault was lifted (of a kill: done). {ended} processes ended"
        " by themselves and were started again.",
        "A wrong clock is `time.time` of that process, by which it judges leases and queues.",
        f"_{machine.stamp()}_",
        "",
    ]
    return "\n".join(lines)


def _row(name: str, injected: Sequence[Injected]) -> str:
    if not injected:
        return f"| {name} | 0 | | | |"
    jobs = sum(one.jobs for one in injected)
    next_, all_ = (_spread([one.recovery_s for one in injected]),
                   _spread([one.all_s for one in injected]))  # fmt: skip
    return f"| {name} | {len(injected)} | {jobs} | {next_} | {all_} |"


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} · {max(seconds):.1f} s"


def save(text: str) -> None:
    """Puts the section into RESULTS.md, in its place or at the end; nothing else changes."""
    whole = RESULTS.read_text()
    section = f"{_MARK}\n{text.rstrip()}\n"
    if _MARK in whole:
        whole = _SECTION.sub(lambda _: section + "\n", whole).rstrip() + "\n"
    else:
        whole = whole.rstrip() + "\n\n" + section
    RESULTS.write_text(whole)
