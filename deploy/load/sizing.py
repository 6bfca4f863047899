"""From what was measured to workers, Redis, S3 and money: `python deploy/load/sizing.py`.

Prints the table of k8s/README.md for 10^3, 10^5 and 10^7 videos a day (`--write` puts it there),
and simulates the peak hour on the workers it computed: jobs arrive at random (Poisson), each takes
a slot for its analysis and then one for its export. Everything that can differ is an argument; the
defaults are the figures of tests/bench/RESULTS.md, of deploy/README.md for what that does not hold,
and stated assumptions.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from tests.bench.report import figures, number  # noqa: E402  (beside this program, not installed)

GUIDE = ROOT / "k8s" / "README.md"
MARKS = "<!-- sizing -->\n", "<!-- /sizing -->\n"
"""What the computed part of the guide stands between."""
DAY_S = 86_400
SIMULATED = 60_000
"""Jobs simulated at most; more would not move the quantiles."""


_results = cache(figures)


def _measured(section: str, what: str) -> float:
    """A field whose default is a figure of RESULTS.md; KeyError where that does not hold it."""
    default: float = field(default_factory=lambda: number(_results()[section][what]))
    return default


@dataclass(frozen=True)
class Given:
    """What is known or assumed; each field is an argument of the same name."""

    # measured, in RESULTS.md
    analysis: float = _measured("cost", "counts · all")  # CPU-s a media second
    analysis_keypoints: float = _measured("cost", "keypoints of every frame · all")
    export: float = _measured("export", "overlay export, a media second")  # 720p at 30 fps
    redis_us: float = _measured(
        "publishing", "commit as the runner does (`events`), encoding included · server"
    )  # of Redis' one thread, a message
    # measured, in deploy/README.md
    pose_bytes: float = 1_800.0  # of Redis a media second: 121 B a frame, 15 frames
    pose_bytes_keypoints: float = 3_600.0  # the same with keypoints: 30 frames
    message_bytes: float = 900.0  # of Redis a media second, without per-frame messages
    frame_message_bytes: float = 46_000.0  # the same with keypoints: 30 entries of 1,546 B
    record_bytes: float = 2_000.0  # of Redis a job
    requests_s3: float = 10.0  # a job: upload, reads, archive, export
    # assumed: replace by your own
    media_s: float = 20.0  # length of a video
    upload_mb: float = 8.0
    export_mb: float = 2.0
    keypoints: float = 0.2  # share of jobs that ask for them
    exports: float = 1.0  # share of jobs that want a video
    peak: float = 3.0  # the busiest hour over the mean
    use: float = 0.7  # how busy slots may be in that hour
    hot_days: float = 1.0  # POSEQUEUE_HOT_TTL_S
    kept_days: float = 30.0  # of objects in S3
    cpu_hour: float = 0.02  # money, a virtual CPU (spot)
    redis_gb_hour: float = 0.02
    s3_gb_month: float = 0.023
    s3_thousand_puts: float = 0.005

    def mean(self, plain: float, keypoints: float) -> float:
        """Of what jobs without keypoints and jobs with them take."""
        return plain + self.keypoints * (keypoints - plain)

    @property
    def analysis_s(self) -> float:
        """CPU-seconds of the analysis of a media second."""
        return self.mean(self.analysis, self.analysis_keypoints)


@dataclass(frozen=True)
class Sized:
    """What a load needs: slots are processes on a core of their own."""

    arrivals_per_s: float
    pose_slots: int
    export_slots: int
    redis_gb: float
    redis_messages_per_s: float
    cells: int
    s3_requests_per_s: float
    s3_tb: float
    dollars_per_day: float


def size(videos_per_day: float, given: Given) -> Sized:
    """The peak hour's needs, and a day's money (workers scale with the load, so by their work)."""
    arrivals = videos_per_day / DAY_S * given.peak
    media_per_s = arrivals * given.media_s
    messages = given.message_bytes + given.keypoints * given.frame_message_bytes
    poses = given.mean(given.pose_bytes, given.pose_bytes_keypoints)
    hot = given.record_bytes + given.media_s * (poses + messages)
    # half as much again for the rewriting of the append-only file
    redis_gb = 1.5 * videos_per_day * given.hot_days * hot / 1e9
    per_s = media_per_s * (4 + 30 * given.keypoints)
    cells = max(1, math.ceil(per_s * given.redis_us / 1e6 / given.use), math.ceil(redis_gb / 50))
    s3_gb = videos_per_day * given.kept_days * (given.upload_mb + given.exports * given.export_mb)
    s3_gb /= 1e3
    cpu_s = given.media_s * (given.analysis_s + given.exports * given.export)
    dollars = (
        videos_per_day * cpu_s / given.use / 3600 * given.cpu_hour
        + redis_gb * 24 * given.redis_gb_hour
        + s3_gb * given.s3_gb_month / 30
        + videos_per_day * given.requests_s3 / 1e3 * given.s3_thousand_puts
    )
    return Sized(
        arrivals_per_s=arrivals,
        pose_slots=max(1, math.ceil(media_per_s * given.analysis_s / given.use)),
        export_slots=max(1, math.ceil(media_per_s * given.export * given.exports / given.use)),
        redis_gb=redis_gb,
        redis_messages_per_s=per_s,
        cells=cells,
        s3_requests_per_s=arrivals * given.requests_s3,
        s3_tb=s3_gb / 1e3,
        dollars_per_day=dollars,
    )


def simulate(sized: Sized, given: Given, seed: int = 1) -> tuple[list[float], list[float]]:
    """Seconds that jobs of the peak hour wait, and seconds until they are done; both sorted."""
    chance = random.Random(seed)  # noqa: S311
    pose, export = [0.0] * sized.pose_slots, [0.0] * sized.export_slots
    now, waits, done = 0.0, [], []
    analysed: list[tuple[float, float, float]] = []
    for _ in range(min(SIMULATED, math.ceil(sized.arrivals_per_s * 3600))):
        now += chance.expovariate(sized.arrivals_per_s)
        media = given.media_s * chance.choice((0.25, 0.5, 1.0, 2.25))  # mean 1: clips differ
        start = max(now, pose[0])
        heapq.heapreplace(pose, start + media * given.analysis_s)
        waits.append(start - now)
        analysed.append((start + media * given.analysis_s, now, media))
    for ready, begun, media in sorted(analysed):
        start = max(ready, export[0])
        heapq.heapreplace(export, start + media * given.export)
        done.append(start + media * given.export - begun)
    return sorted(waits), sorted(done)


def quantile(values: list[float], share: float) -> float:
    """By nearest rank; `values` sorted."""
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def table(given: Given, loads: list[float]) -> str:
    """The answer in Markdown, a column a load."""
    sizes = [size(load, given) for load in loads]
    runs = [simulate(one, given) for one in sizes]
    rows: dict[str, Callable[[Sized, float, list[float], list[float]], str]] = {
        "videos a day": lambda _, load, *__: f"{load:,.0f}",
        "jobs a second in the peak hour": lambda one, *_: f"{one.arrivals_per_s:,.2f}",
        "analysis: CPU slots (pods of 4)": lambda one, *_: _slots(one.pose_slots, 4),
        "export: CPU slots (pods of 2)": lambda one, *_: _slots(one.export_slots, 2),
        "Redis memory, GB": lambda one, *_: f"{one.redis_gb:,.2f}",
        "Redis messages a second": lambda one, *_: f"{one.redis_messages_per_s:,.0f}",
        "cells (one Redis each)": lambda one, *_: f"{one.cells}",
        "S3 requests a second": lambda one, *_: f"{one.s3_requests_per_s:,.1f}",
        "S3 kept, TB": lambda one, *_: f"{one.s3_tb:,.2f}",
        "money a day, $": lambda one, *_: f"{one.dollars_per_day:,.2f}",
        "simulated wait p50 / p99, s": lambda _, __, waits, ___: _quantiles(waits),
        "simulated done after p50 / p99, s": lambda _, __, ___, done: _quantiles(done),
    }
    lines = []
    for name, cell in rows.items():
        cells = (cell(one, load, *run) for one, load, run in zip(sizes, loads, runs, strict=True))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.insert(1, f"|---|{'---:|' * len(loads)}")
    return "\n".join(lines) + "\n"


def _slots(slots: int, pod: int) -> str:
    return f"{slots:,} ({math.ceil(slots / pod):,})"


def _quantiles(values: list[float]) -> str:
    return f"{quantile(values, 0.5):.0f} / {quantile(values, 0.99):.0f}"


def guide(given: Given) -> str:
    """The computed part of k8s/README.md."""
    measured = (
        f"Measured: analysis {given.analysis:.2f} CPU-s a media second that is only counted "
        f"(`sampling=auto`), {given.analysis_keypoints:.2f} with keypoints, export "
        f"{given.export:.2f} (720p, 30 fps, start-up included), "
        f"{given.redis_us:.1f} CPU-µs of Redis a message.\n"
    )
    return f"{measured}\n{table(given, [1e3, 1e5, 1e7])}"


def write(given: Given) -> None:
    """Puts it there."""
    before, _, rest = GUIDE.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    GUIDE.write_text(before + MARKS[0] + guide(given) + MARKS[1] + after)


def main() -> None:
    """Reads the arguments and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("loads", nargs="*", type=float, default=[1e3, 1e5, 1e7])
    parser.add_argument("--write", action="store_true", help="put the table into k8s/README.md")
    for name, value in vars(Given()).items():
        parser.add_argument(f"--{name}", type=float, default=value)
    asked = vars(parser.parse_args())
    given = Given(**{one.name: asked[one.name] for one in fields(Given)})
    if asked["write"]:
        write(given)
    else:
        sys.stdout.write(table(given, asked["loads"]))


if __name__ == "__main__":
    main()
