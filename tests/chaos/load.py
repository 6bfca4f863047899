"""A stream of real jobs, small ones, fed by a client that loses its connections, and watched."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import redis

from api.client import PoseQueue, Refused
from tests.chaos.fleet import Fleet, until
from worker.media.probing.ffmpeg_tools import find_tools

CLIPS = Path(__file__).resolve().parents[1] / "clips"
MOST_UNDER_WAY = 4
ALONE_S = 240.0
"""Seconds that a job may take which nothing befalls."""
_PASSING = (409, 429)

Rows = list[tuple[str, str, bytes]]


@dataclass(frozen=True)
class Kind:
    """A kind of job: its file (none = the poses of the last film again), how often it comes."""

    name: str
    file: str
    options: dict[str, Any]
    weight: int


KINDS = (
    Kind("image", "photo.jpg", {"keypoints": True, "angles": True}, 5),
    Kind("again", "", {"exercise": "squat", "keypoints": True, "progression": True}, 5),
    Kind(
        "clip",
        "jump_side_30fps.mp4",
        {"exercise": "air_time_jump", "profile": "fast", "firehose": "all", "keypoints": True,
         "export": ["keypoints", "poster"]},
        2,
    ),
    Kind(
        "film",
        "squat_front_3.mp4",
        {"exercise": "squat", "profile": "fast", "keypoints": True, "recommendations": True,
         "export": ["video", "report"]},
        1,
    ),
)  # fmt: skip


@dataclass
class Accepted:
    """A job that the API said yes to."""

    id: str
    kind: str
    number: int
    ended_at: float | None = None


class Load:
    """Feeds jobs from a thread of its own, at most `most` at a time; another one notes
    when each has ended. `wrong` are refusals that no good job should get."""

    def __init__(
        self,
        fleet: Fleet,
        folder: Path,
        seed: int,
        kinds: Sequence[Kind] = KINDS,
        most: int = MOST_UNDER_WAY,
    ) -> None:
        self._most = most
        self._kinds = kinds
        self._fleet = fleet
        self._folder = folder
        self._random = Random(f"load {seed}")
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._uploads: dict[str, str] = {}
        self._first = ""
        self.jobs: dict[str, Accepted] = {}
        self.wrong: list[str] = []
        self.queue = PoseQueue(fleet.url, fleet.key)
        self._threads: list[threading.Thread] = []

    def undisturbed(self) -> dict[str, Rows]:
        """One job of each kind while nothing happens: its messages, by kind."""
        photo = self._folder / "photo.jpg"
        command = [find_tools().ffmpeg, "-v", "error", "-y", "-i", CLIPS / "squat_front_3.mp4",
                   "-frames:v", "1", photo]  # fmt: skip
        subprocess.run(command, check=True, timeout=60)
        found: dict[str, Rows] = {}
        for kind in sorted(self._kinds, key=lambda kind: kind.file == ""):
            if kind.file:
                self._uploads[kind.name] = self.queue.upload(self._file(kind))
            job = self._made(kind, 0)
            self.jobs[job] = Accepted(job, kind.name, 0)
            over = until(lambda job=job: self._fleet.stores.jobs.over(job), ALONE_S)  # type: ignore[misc]
            if not over:
                raise TimeoutError(f"{kind.name} takes more than {ALONE_S:g} s with no fault")
            self.jobs[job].ended_at = time.monotonic()
            found[kind.name] = list(self._fleet.stores.streams.scan(job))
            self._first = job if kind.file.endswith(".mp4") else self._first
        return found

    def _file(self, kind: Kind) -> Path:
        return (self._folder if kind.file == "photo.jpg" else CLIPS) / kind.file

    def start(self) -> None:
        """Begins to feed and to watch."""
        for work in (self._feed, self._watch):
            self._threads.append(threading.Thread(target=work, name=work.__name__, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Feeds no more; what was begun is still asked for until it is accepted."""
        self._stopping.set()
        self._threads[0].join(120)
        if self._threads[0].is_alive():
            self.wrong.append("a job was not accepted within 120 s after the last fault")

    def close(self) -> None:
        """Watches no more."""
        self._stopping.set()
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        self.queue.close()

    def under_way(self) -> list[Accepted]:
        """Jobs that have not ended yet."""
        return [job for job in list(self.jobs.values()) if job.ended_at is None]

    def ended_since(self, moment: float) -> bool:
        """Whether a job has ended after that."""
        ends = (job.ended_at for job in list(self.jobs.values()))
        return any(end is not None and end > moment for end in ends)

    def _feed(self) -> None:
        number = 0
        while not self._stopping.is_set():
            if len(self.under_way()) >= self._most:
                time.sleep(0.05)
                continue
            number += 1
            kind = self._random.choices(self._kinds, [kind.weight for kind in self._kinds])[0]
            fresh = bool(kind.file) and self._random.random() < 0.3
            self._insist(kind, number, fresh=fresh)

    def _insist(self, kind: Kind, number: int, *, fresh: bool) -> None:
        """Asks until it is accepted: servers that are away come back."""
        while not self._over.is_set():
            try:
                if fresh:
                    self._uploads[kind.name] = self.queue.upload(self._file(kind))
                    fresh = False
                job = self._made(kind, number)
                self.jobs[job] = Accepted(job, kind.name, number)
                return
            except httpx.TransportError:
                pass
            except Refused as error:
                if error.status < 500 and error.status not in _PASSING:
                    self.wrong.append(f"{kind.name} {number} was refused: {error.status} {error}")
                    return
            time.sleep(0.3)

    def _made(self, kind: Kind, number: int) -> str:
        if kind.file:
            name = f"{kind.name} {number}"
            given = self._uploads[kind.name]
            job = self.queue.submit(given, kind.options, key=name, metadata={"number": name})
        else:
            job = self.queue.analyze(self._first, kind.options)
        return str(job["id"])

    def _watch(self) -> None:
        while not self._over.is_set():
            for job in self.under_way():
                try:
                    if self._fleet.stores.jobs.over(job.id):
                        job.ended_at = time.monotonic()
                except redis.RedisError:
                    break  # it is killed, paused or full just now
            time.sleep(0.05)
