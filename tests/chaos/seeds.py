"""Sound files that the fuzzer spoils: our own clips, small and in many forms, and the edge set."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

from PIL import Image

from worker.media.probing.ffmpeg_tools import find_tools

_ROOT = Path(__file__).resolve().parent.parent.parent
_CLIPS = _ROOT / "tests" / "clips"
_FORMS: dict[str, list[str]] = {
    "mp4": ["-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart"],
    "mov": ["-c:v", "mpeg4"],
    "mkv": ["-c:v", "libx264", "-preset", "ultrafast"],
    "webm": ["-c:v", "libvpx", "-deadline", "realtime"],
    "avi": ["-c:v", "mpeg4"],
    "ts": ["-c:v", "mpeg2video"],
    "flv": ["-c:v", "flv1"],
    "wmv": ["-c:v", "wmv2"],
    "gif": [],
}
_MOST_EDGE_BYTES = 400_000


def edge_files() -> list[Path]:
    """The edge set beside the project, nothing where that is not there."""
    folder = Path(os.environ.get("POSEQUEUE_SHARED", _ROOT.parent / "shared")) / "media" / "edge"
    return sorted(path for path in folder.glob("*/*") if path.is_file())


def seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Names and bytes: two clips of 0.8 seconds in every form that this ffmpeg writes, pictures of
    one, and what is small of the edge set."""
    found: list[tuple[str, bytes]] = []
    for clip in ("squat_5.mp4", "jump_side_30fps.mp4"):
        for form, options in _FORMS.items():
            path = folder / f"seed-{Path(clip).stem}.{form}"
            command = [find_tools().ffmpeg, "-nostdin", "-y", "-v", "quiet", "-t", "0.8",
                       "-i", _CLIPS / clip, "-an", "-vf", "scale=192:-2",
                       *options, path]  # fmt: skip
            if subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0:
                found.append((path.name, path.read_bytes()))
    found += _pictures(folder)
    # empty ones cannot be spoiled
    small = [path for path in edge_files() if 0 < path.stat().st_size <= _MOST_EDGE_BYTES]
    return found + [(path.name, path.read_bytes()) for path in small]


def _pictures(folder: Path) -> list[tuple[str, bytes]]:
    frame = folder / "seed-frame.png"
    command = [find_tools().ffmpeg, "-nostdin", "-y", "-v", "error", "-i", _CLIPS / "squat_5.mp4",
               "-frames:v", "1", "-vf", "scale=192:-2", frame]  # fmt: skip
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
    picture = Image.open(frame).convert("RGB")
    found = []
    for form in ("png", "jpeg", "webp", "tiff", "bmp", "gif", "avif"):
        made = io.BytesIO()
        picture.save(made, form)
        found.append((f"seed-picture.{form}", made.getvalue()))
    return found
