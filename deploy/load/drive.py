"""Drives a running system at a given rate and prints latency percentiles.

    python deploy/load/drive.py --server URL --key KEY --rate 2 --jobs 100 clip.mp4=3 photo.jpg=1

Jobs start at random moments (Poisson) at the rate, whatever becomes of those before: a system that
falls behind shows it. Files are mixed by their weights. It stops by itself after `--jobs` jobs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from api.client.async_client import AsyncPoseQueue
from api.client.operations import Refused

Times = dict[str, list[float]]


async def one_job(queue: AsyncPoseQueue, file: Path, exercise: str, times: Times) -> str:
    """Uploads, submits and follows a job; seconds go into `times`; returns how it ended."""
    begun = time.monotonic()
    try:
        upload = await queue.upload(file)
        times["uploaded"].append(time.monotonic() - begun)
        sent = time.monotonic()
        job = await queue.submit(upload, {"exercise": exercise})
        times["accepted"].append(time.monotonic() - sent)
        first = True
        async for _, message in queue.follow(job["id"]):
            if first:
                times["first message"].append(time.monotonic() - sent)
                first = False
            if message["type"] == "done":
                times["done"].append(time.monotonic() - sent)
                return str(message["status"])
    except Refused as error:
        return f"refused: {error}"
    return "stream ended"


async def drive(given: argparse.Namespace) -> tuple[Times, Counter[str], float]:
    """All jobs; seconds by step, how they ended, and how long it took."""
    chance = random.Random(given.seed)  # noqa: S311
    files, weights = zip(*given.mix, strict=True)
    times: Times = {"uploaded": [], "accepted": [], "first message": [], "done": []}
    begun = time.monotonic()
    async with AsyncPoseQueue(given.server, given.key) as queue, asyncio.TaskGroup() as group:
        tasks = []
        for _ in range(given.jobs):
            file = chance.choices(files, weights)[0]
            tasks.append(group.create_task(one_job(queue, file, given.exercise, times)))
            await asyncio.sleep(chance.expovariate(given.rate))
    return times, Counter(task.result() for task in tasks), time.monotonic() - begun


def report(times: Times, ends: Counter[str], seconds: float) -> str:
    """Percentiles by step, and what the jobs came to."""
    lines = [f"{'s':<14}{'p50':>9}{'p90':>9}{'p99':>9}{'max':>9}{'jobs':>7}"]
    for step, values in times.items():
        if len(values) > 1:
            cuts = statistics.quantiles(values, n=100, method="inclusive")
            cells = "".join(f"{cut:9.3f}" for cut in (cuts[49], cuts[89], cuts[98], max(values)))
            lines.append(f"{step:<14}{cells}{len(values):7}")
    lines += [f"{count} {end}" for end, count in ends.most_common()]
    lines.append(f"{sum(ends.values()) / seconds:.2f} jobs a second over {seconds:.0f} s")
    return "\n".join(lines) + "\n"


def _weighted(text: str) -> tuple[Path, float]:
    name, _, weight = text.partition("=")
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return Path(name), float(weight or 1)


def main() -> None:
    """Reads the arguments, drives, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--rate", type=float, default=1.0, help="jobs a second")
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--exercise", default="squat")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("mix", nargs="+", type=_weighted, help="file, or file=weight")
    sys.stdout.write(report(*asyncio.run(drive(parser.parse_args()))))


if __name__ == "__main__":
    main()
