"""What a worker makes of a file, with the model left out: sniffed, probed, decoded to its end.

Beside the outcome it is watched what stays behind: processes, open files, temporary files.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.contract.errors import JobError
from worker.media.decoding.still import DECODERS, read_still
from worker.media.decoding.video import decode
from worker.media.encoding.export import export_video
from worker.media.probing.probe import probe
from worker.media.probing.sniff import sniff
from worker.media.sandbox.fork_client import forked_seconds
from worker.media.sandbox.limits import MediaLimits

HANG_S = 300
"""A look that takes longer is a hang, also on a machine that has much else to do."""

LIMITS = MediaLimits(max_duration_s=900, max_frames=30_000)


class Hung(Exception):
    """A look did not end."""


@dataclass(frozen=True)
class Outcome:
    """What a file got: `taken` or a code of the contract, in words, and its cost in seconds."""

    code: str
    words: str
    seconds: float
    cpu_seconds: float


def look(path: Path, *, export: bool = False, limits: MediaLimits = LIMITS) -> Outcome:
    """The outcome of the file at `path`; raises whatever is not an error of the contract, and
    Hung."""
    began, cpu = time.monotonic(), _cpu()
    with _alarm():
        try:
            code, words = "taken", _taken(path, export, limits)
        except JobError as error:
            code, words = error.code.value, error.message
    return Outcome(code, words, time.monotonic() - began, _cpu() - cpu)


def _taken(path: Path, export: bool, limits: MediaLimits) -> str:
    if sniff(path) == "image":
        info = read_still(path).info
        return f"picture, {info.width}x{info.height}"
    video = probe(path, limits)
    with decode(path, video, max_side=64, limits=limits) as frames:
        count = sum(1 for _ in frames)
    if export:
        with tempfile.TemporaryDirectory() as folder:
            export_video(path, video, Path(folder) / "out.mp4", lambda: (), limits=limits)
    return f"{count} frames, {video.width}x{video.height}, {video.codec}"


def _cpu() -> float:
    used = os.times()
    own = used.user + used.system + used.children_user + used.children_system
    return own + forked_seconds()


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise Hung(f"still busy after {HANG_S} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Left:
    """What this process holds: children, open files, and entries of its folder of temporary
    files; the template of the decoders, and the one socket to it, are to stay."""

    children: frozenset[int]
    files: int
    temporary: frozenset[str]

    @classmethod
    def now(cls) -> Left:
        """At this moment."""
        temporary = frozenset(os.listdir(tempfile.gettempdir()))
        template = {DECODERS.pid} - {None}
        files = len(os.listdir("/proc/self/fd")) - len(template)
        return cls(frozenset(_children()) - template, files, temporary)

    def more_than(self, before: Left) -> str:
        """What has been left behind since, in words; empty where nothing was."""
        found = {
            "processes": len(self.children - before.children),
            "open files": self.files - before.files,
            "temporary files": len(self.temporary - before.temporary),
        }
        return ", ".join(f"{count} {name}" for name, count in found.items() if count > 0)


def _children() -> Iterator[int]:
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            stat = Path("/proc", name, "stat").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
            yield int(name)
