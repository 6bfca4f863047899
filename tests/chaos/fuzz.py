"""`make fuzz`: spoiled media, seeded, for as long as it is told; what everything got goes into
`tests/bench/HOSTILE.md`.

`python -m tests.chaos.fuzz [--seconds 600] [--seed 1] [--print]` from the project's root. Exits 1
where anything crashed, hung, left something behind or got a code that the contract has not.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos import hostile_report
from tests.chaos.looking import Left, Outcome, look
from tests.chaos.mutations import MUTATIONS, spoiled
from tests.chaos.seeds import seeds
from worker.contract.errors import ErrorCode

ALLOWED = frozenset(
    {
        "taken",
        ErrorCode.VIDEO_LOAD_ERROR.value,
        ErrorCode.IMAGE_LOAD_ERROR.value,
        ErrorCode.MEDIA_DECODE_ERROR.value,
        ErrorCode.MEDIA_TOO_LARGE.value,
        ErrorCode.MEDIA_UNSUPPORTED.value,
    }
)
"""`internal` is not among them: what a file does to us is the file's fault, not ours."""
_EXPORTED = 0.1
"""Share of the files that are exported, too, where they decode."""


@dataclass
class Tally:
    """What the files of one class got; `violations` in words, with what makes the file again."""

    files: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    violations: list[str] = field(default_factory=list)


def watched(path: Path, *, export: bool = False) -> tuple[Outcome | None, str]:
    """The outcome of a file, and what was wrong with that; nothing where nothing was."""
    before = Left.now()
    try:
        outcome = look(path, export=export)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"
    left = Left.now().more_than(before)
    if left:
        return outcome, f"left behind: {left}"
    wrong = outcome.code not in ALLOWED
    return outcome, f"{outcome.code}: {outcome.words}" if wrong else ""


def cases(seed: int, given: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, str, int, bytes]]:
    """Class, seed file, number and bytes, without end; each is made by its number alone."""
    datas = [data for _, data in given]
    number = 0
    while True:
        for name in MUTATIONS:
            random = Random(f"{seed}/{number}")
            source, data = random.choice(given)
            yield name, source, number, spoiled(random, name, data, datas)
            number += 1


def fuzz(seed: int, seconds: float, folder: Path, most: int | None = None) -> dict[str, Tally]:
    """Looks at spoiled files for `seconds`, `most` at most; the tallies by class."""
    tallies = {name: Tally() for name in MUTATIONS}
    given = seeds(folder)
    path = folder / "upload"
    end = time.monotonic() + seconds
    for name, source, number, data in cases(seed, given):
        if time.monotonic() >= end or (most is not None and number >= most):
            return tallies
        path.write_bytes(data)
        export = Random(f"export/{seed}/{number}").random() < _EXPORTED
        outcome, wrong = watched(path, export=export)
        tally = tallies[name]
        tally.files += 1
        if outcome is not None:
            tally.codes[outcome.code] += 1
            tally.slowest_s = max(tally.slowest_s, outcome.seconds)
        if wrong:
            tally.violations.append(f"seed {seed}, number {number} ({source}): {wrong}")
            print(name, tally.violations[-1], file=sys.stderr, flush=True)
    raise AssertionError("there is always another case")


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--print", action="store_true", help="leave HOSTILE.md alone")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="posequeue-fuzz-") as name:
        # temporary files that are left behind show among nobody else's
        own = Path(name, "temporary")
        own.mkdir()
        os.environ["TMPDIR"] = str(own)
        tempfile.tempdir = str(own)
        report = hostile_report.Report(asked.seed, asked.seconds)
        report.bombs(Path(name))
        report.pointers(Path(name))
        report.edge()
        report.fuzzed(fuzz(asked.seed, asked.seconds, Path(name)))
    text = report.text()
    print(text) if asked.print else hostile_report.HOSTILE.write_text(text)
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()
