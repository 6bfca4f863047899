"""The part of ACCURACY.md about what each profile counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.bench.accuracy_judge import Verdict
from worker.pose.profiles import Wanted

_PROTOCOL = """## Profiles

The same cases by each profile on a CPU: right of all, and those that are not right. (`auto` is what
the figures above are of.)
"""


def text_of(verdicts: Mapping[Wanted, Sequence[Verdict]]) -> str:
    """Right of all by profile and group, and what is not right."""
    groups = list(dict.fromkeys(v.case.group for found in verdicts.values() for v in found))
    lines = [
        f"| profile | {' | '.join(groups)} | not right |",
        f"|---|{'---|' * len(groups)}---|",
    ]
    for profile, found in verdicts.items():
        cells = [_right([v for v in found if v.case.group == group]) for group in groups]
        wrong = "; ".join(_wrong(v) for v in found if not v.ok) or "none"
        lines.append(f"| {profile} | {' | '.join(cells)} | {wrong} |")
    return "\n".join([_PROTOCOL, *lines]) + "\n"


def _right(verdicts: Sequence[Verdict]) -> str:
    return f"{sum(v.ok for v in verdicts)}/{len(verdicts)}"


def _wrong(verdict: Verdict) -> str:
    case = verdict.case
    return f"{case.clip.stem} as {case.exercise}: {verdict.said}, not {case.truth}"
