"""Films a take: frames of the body in the room, encoded as H.264 without a clock or a thread."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.synthetic.rendering.camera import View
from tests.synthetic.rendering.scene import Scene
from tests.synthetic.rendering.stage import actors
from tests.synthetic.rendering.take import Take, postures
from worker.media.probing.ffmpeg_tools import find_tools

QUALITY = 27
"""x264's constant rate factor."""


def frames(take: Take, every: int = 1) -> Iterator[NDArray[np.uint8]]:
    """The frames, uint8 RGB [h, w, 3]; each `every`-th alone."""
    scenes: dict[View, Scene] = {}
    for view, found in islice(actors(take, postures(take)), 0, None, every):
        scene = scenes.setdefault(view, Scene(view, take.seed))
        yield scene.draw(*((actor.body, actor.skin) for actor in found))


def film(take: Take, path: Path) -> None:
    """Writes the take to `path`; raises CalledProcessError where ffmpeg fails.

    The same take gives the same bytes with the same ffmpeg.
    """
    size = f"{take.view.width}x{take.view.height}"
    command = [
        find_tools().ffmpeg, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size,
        "-r", str(take.fps), "-i", "-", "-c:v", "libx264", "-preset", "slow", "-crf", str(QUALITY),
        "-pix_fmt", "yuv420p", "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
        "-map_metadata", "-1", "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for frame in frames(take):
            encoder.stdin.write(frame.tobytes())
        encoder.stdin.close()
        code = encoder.wait()
    if code:
        raise subprocess.CalledProcessError(code, command)
