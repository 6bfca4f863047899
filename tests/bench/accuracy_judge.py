"""What a job said of a case, held against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.accuracy_cases import HOLD_TOLERANCE_S, Case
from worker.contract.jump_messages import JumpSummary
from worker.contract.messages import Counter, Done, Entry, ErrorMessage

UNCLEAR = frozenset({"internal", "worker_lost"})
"""Codes that explain nothing to whom sent a broken file."""


@dataclass(frozen=True)
class Verdict:
    """A case with what came of it: the final count, heights in cm, error codes, and whether right.

    `count` is None where the job gave none.
    """

    case: Case
    count: int | None
    heights_cm: tuple[float, ...]
    codes: tuple[str, ...]
    succeeded: bool
    ok: bool

    @property
    def error(self) -> int:
        """Whole counts between the count and the nearest right one; a missing count is 0."""
        count = self.count or 0
        return min(abs(count - right) for right in self.case.accept)

    @property
    def said(self) -> str:
        """The outcome in a table's cell."""
        if self.case.kind == "hold":
            text = "-" if self.count is None else f"{self.count} s"
        elif self.case.kind == "jump":
            text = ", ".join(f"{height:.1f} cm" for height in self.heights_cm) or "none"
        else:
            text = "-" if self.count is None else str(self.count)
        return " ".join([text, *(f"`{code}`" for code in self.codes)])


def judge(case: Case, entries: Sequence[Entry]) -> Verdict:
    """The verdict on the messages of one job."""
    count, heights, codes, succeeded = None, (), [], False
    for message in (entry.message for entry in entries):
        if isinstance(message, Counter) and message.final:
            count = message.current_count
        elif isinstance(message, JumpSummary):
            told = (jump.jumpHeightCm for jump in message.jumps)
            heights = tuple(height for height in told if height is not None)
            count = message.totalJumps
        elif isinstance(message, ErrorMessage):
            codes.append(message.code.value)
        elif isinstance(message, Done):
            succeeded = message.status == "succeeded"
    ok = _right(case, count, heights, codes, succeeded)
    return Verdict(case, count, heights, tuple(dict.fromkeys(codes)), succeeded, ok)


def _right(
    case: Case, count: int | None, heights: tuple[float, ...], codes: list[str], succeeded: bool
) -> bool:
    if case.kind == "error":
        return not succeeded and bool(codes) and not UNCLEAR & set(codes)
    if case.kind == "nobody":
        return succeeded and not count and codes == ["no_person_detected"]
    if not succeeded or codes:
        return False
    if case.kind == "nothing":
        return not count
    if case.kind == "hold":
        return count is not None and abs(count - case.seconds) <= HOLD_TOLERANCE_S
    if case.kind == "jump":
        inside = zip(heights, case.bounds_cm, strict=False)
        return count in case.accept and all(low <= value <= high for value, (low, high) in inside)
    return count in case.accept
