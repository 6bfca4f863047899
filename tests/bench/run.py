"""`make bench`: measures, and writes RESULTS.md beside this file.

`python -m tests.bench.run [--quick] [--only NAME]...` from the project's root.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    analyze_cost,
    crowd,
    deliveries,
    export_cost,
    job_cost,
    jobs,
    latency,
    long_videos,
    machine,
    motion_cost,
    peers,
    publishing,
    reanalysis,
    report,
    tails,
    targets,
    throughput,
)
from tests.bench.context import Context

MEASURES: dict[str, Callable[[Context], report.Section]] = {
    "analyze": analyze_cost.measure,
    "motion": motion_cost.measure,
    "segments": long_videos.segments,
    "memory": long_videos.memory,
    "export": export_cost.measure,
    "peers": peers.measure,
    "cost": job_cost.measure,
    # the next one starts the system, so what is measured without it comes before
    "throughput": throughput.measure,
    "latency": latency.measure,
    "publishing": publishing.measure,
    "reanalysis": reanalysis.measure,
    "tails": tails.measure,
    "jobs": jobs.measure,
    "deliveries": deliveries.measure,
    "crowd": crowd.measure,
}
ORDER = ("targets", *MEASURES)
"""Of the sections in RESULTS.md."""


def say(line: str) -> None:
    """A line of progress on stderr."""
    print(f"bench {time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--only", action="append", choices=ORDER, help="this section alone")
    parser.add_argument("--print", action="store_true", help="print, and leave RESULTS.md alone")
    return parser.parse_args()


def main() -> None:
    """Measures what is asked for, one section after the other."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="posequeue-bench-") as scratch:
        context = Context(Path(scratch), quick=asked.quick, say=say)
        try:
            for name in [one for one in asked.only or MEASURES if one in MEASURES]:
                section = MEASURES[name](context)
                stamp = machine.stamp() + (", quick" if asked.quick else "")
                text = report.text_of(section, stamp)
                print(text, flush=True)
                if not asked.print:
                    report.save({name: text}, machine.facts(), ORDER)
                    say(f"{name} written to {report.RESULTS.name}")
            if not asked.print:
                report.save({"targets": targets.table(report.figures())}, machine.facts(), ORDER)
        finally:
            context.close()


if __name__ == "__main__":
    main()
