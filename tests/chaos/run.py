"""`make chaos`: breaks the system on purpose, many times, with seeds, and counts what was lost.

`python -m tests.chaos.run [--seeds 5] [--first 1] [--seconds 100] [--only WORD]... [--print]` from
the project's root. Writes the section `chaos` of tests/bench/RESULTS.md; exits 1 where anything
that must hold does not, with the seed and the faults that did it.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from tests.chaos import fault_report
from tests.chaos.client_faults import CLIENT_FAULTS
from tests.chaos.faults import PROCESS_FAULTS, Fault
from tests.chaos.fleet import Fleet
from tests.chaos.server_faults import SERVER_FAULTS
from tests.chaos.tenant_faults import TENANT_FAULTS
from tests.chaos.trial import Outcome, Trial, Undisturbed
from tests.chaos.version_faults import VERSION_FAULTS

FAULTS = (*PROCESS_FAULTS, *VERSION_FAULTS, *SERVER_FAULTS, *CLIENT_FAULTS, *TENANT_FAULTS)
A_SEED = 5
"""Places in the order of faults from one seed to the next, and faults of a seed at least."""


def say(line: str) -> None:
    """A line of progress on stderr."""
    print(f"chaos {time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)


def dealt(faults: Sequence[Fault], seed: int) -> Iterator[Fault]:
    """The faults of a seed, without end: rounds of all of them, each shuffled, so that seeds in a
    row have every one."""
    place = (seed - 1) * A_SEED
    while True:
        round_, at = divmod(place, len(faults))
        order = list(faults)
        Random(f"round {round_}").shuffle(order)
        yield order[at]
        place += 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seconds", type=float, default=100, help="of faults, a seed")
    parser.add_argument("--only", action="append", help="only faults with this in their name")
    parser.add_argument("--print", action="store_true", help="leave RESULTS.md alone")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


def main() -> None:
    """As the command line says."""
    asked = _arguments()
    faults = [f for f in FAULTS if not asked.only or any(word in f.name for word in asked.only)]
    if not faults:
        sys.exit("no fault has that in its name: " + "; ".join(fault.name for fault in FAULTS))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in good order
    folder = Path(tempfile.mkdtemp(prefix="posequeue-chaos-"))
    try:
        outcomes = _run(asked, faults, folder)
    finally:
        if asked.keep:
            say(f"logs in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    _end(asked, outcomes)


def _run(asked: argparse.Namespace, faults: Sequence[Fault], folder: Path) -> list[Outcome]:
    """Every seed in a folder of its own."""
    undisturbed, outcomes = Undisturbed(), []
    least = min(A_SEED, len(faults))
    for seed in range(asked.first, asked.first + asked.seeds):
        own = folder / str(seed)
        own.mkdir()
        trial = Trial(seed, own, undisturbed, partial(_say_of, seed))
        outcomes.append(trial.run(Fleet(own), dealt(faults, seed), asked.seconds, least))
    return outcomes


def _say_of(seed: int, line: str) -> None:
    say(f"seed {seed}: {line}")


def _end(asked: argparse.Namespace, outcomes: list[Outcome]) -> None:
    text = fault_report.text_of(FAULTS, outcomes)
    print(text, flush=True)
    if not asked.print:
        fault_report.save(text)
    for outcome in outcomes:
        for violation in outcome.violations:
            order = ", ".join(fault.name for fault in outcome.faults)
            say(f"seed {outcome.seed} ({order}): {violation}")
    sys.exit(1 if any(outcome.violations for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
