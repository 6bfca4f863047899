"""Small clips, made by ffmpeg once a session."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.media.probing.ffmpeg_tools import find_tools

MakeClip = Callable[..., Path]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """`make_clip(name, *output_options, source=..., before=())`: a clip from a test source."""
    folder = tmp_path_factory.mktemp("clips")

    def make(
        name: str,
        *options: str,
        source: str = "testsrc2=size=320x240:rate=25:duration=2",
        before: tuple[str, ...] = (),
    ) -> Path:
        path = folder / name
        if not path.exists():
            given = ["-f", "lavfi", "-i", source] if "=" in source else ["-i", source]
            encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
            chosen = [] if path.suffix == ".gif" else encoder
            subprocess.run(
                [find_tools().ffmpeg, "-nostdin", "-v", "error", *before, *given, *chosen,
                 *options, str(path)],
                check=True,
            )  # fmt: skip
        return path

    return make


@pytest.fixture(scope="session")
def plain(make_clip: MakeClip) -> Path:
    """Two seconds at 25 frames a second, 320x240."""
    return make_clip("plain.mp4")


@pytest.fixture(scope="session")
def uneven(make_clip: MakeClip) -> Path:
    """Frames 0, 1, 3, 6, 10, 15 ... of 25 a second, each with its own time."""
    chosen = "+".join(f"eq(n,{n * (n + 1) // 2})" for n in range(10))
    return make_clip("uneven.mp4", "-vf", f"select='{chosen}'", "-fps_mode", "passthrough")
