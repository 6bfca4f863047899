"""The demo job of `make run`: uploads a clip, shows its messages as they arrive, lists exports."""

from __future__ import annotations

import json
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from worker.cli.client import Client

_LAST = 6
_WIDTH = 160

Report = Callable[[float, str], None]


def _one_line(message: dict[str, Any]) -> str:
    text = json.dumps(message, separators=(",", ":"))
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _counts(seen: Counter[str]) -> str:
    return "  ".join(f"{kind} {count}" for kind, count in sorted(seen.items()))


@contextmanager
def _reporting(console: Console) -> Iterator[Report]:
    """A progress bar on a terminal, otherwise a plain line for every tenth of the job."""
    if console.is_terminal:
        columns = TextColumn("{task.description:<9}"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, TextColumn("{task.fields[said]}"), console=console) as bar:
            task = bar.add_task("uploading", total=1.0, said="")
            yield lambda share, said: bar.update(
                task, completed=share, said=said, description="analysing" if said else "uploading"
            )
        return
    tenths = [-1]

    def line(share: float, said: str) -> None:
        if said and int(share * 10) > tenths[0]:
            tenths[0] = int(share * 10)
            console.print(f"{share:4.0%}  {said}", highlight=False, soft_wrap=True)

    yield line


def run_demo(file: Path, exercise: str) -> bool:
    """Submits `file` to the running system and shows its course; returns whether it succeeded."""
    console = Console(file=sys.stdout)
    client = Client()

    def show(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    show(f"\n{file.name}: {file.stat().st_size / 1e6:.1f} MB, exercise {exercise or 'none'}")
    seen: Counter[str] = Counter()
    last: deque[dict[str, Any]] = deque(maxlen=_LAST)
    with _reporting(console) as report:
        report(0.0, "")
        job = client.submit(client.upload(file), _options(file, exercise))
        share = 0.0
        for _, message in client.events(job["id"]):
            seen[message["type"]] += 1
            last.append(message)
            share = message.get("progress") or share
            report(share, _counts(seen))
    show("\nmessages   " + _counts(seen))
    for message in last:
        show("           " + _one_line(message))
    return _show_result(client, job["id"], show)


def _options(file: Path, exercise: str) -> dict[str, Any]:
    from worker.cli.jobs import is_image

    wanted: dict[str, Any] = {"keypoints": True, "angles": True}
    if is_image(file):
        wanted["source"] = "image"
    else:
        wanted |= {"export": True, "recommendations": True, "progression": True}
        wanted |= {"exercise": exercise} if exercise else {}
    return wanted


def _show_result(client: Client, job_id: str, show: Callable[[str], None]) -> bool:
    job = client.call("GET", f"/jobs/{job_id}")
    show(f"\njob        {job_id}  {job['status']}")
    if job.get("result"):
        show("result     " + json.dumps(job["result"]))
    if job.get("error"):
        show("error      " + json.dumps(job["error"]))
    for export in job["exports"]:
        show(f"export     {export['kind']}, {export['bytes'] / 1e6:.1f} MB: {export['url']}")
    show(f"stream     XREAD STREAMS pq:{{{job_id}}}:messages 0")
    show(f"docs       {client.server}/docs")
    return bool(job["status"] == "succeeded")
