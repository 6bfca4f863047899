"""What the measures share: the clip, a frame of it, its pose log, a running system."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from tests.bench.measure import process_cost
from worker.embedded.stack import System
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo, probe
from worker.media.sandbox.limits import MediaLimits
from worker.settings import settings

ROOT = Path(__file__).resolve().parents[2]
SQUAT = "media/videos/dev02_squat_front_5reps.mp4"
EXERCISE = "squat"
HOLD, JUMP = "tests/clips/plank_side_6s.mp4", "tests/clips/jump_side_30fps.mp4"
"""A plank and an air-time jump."""
EVERY_FRAME = ("--sampling", "native")
"""Flags of `analyze` where figures are by frame."""
PROCESSES = 2


class Context:
    """Made once a run; what costs something is made at its first use.

    `quick` asks for few repeats; `say` gets a line of progress.
    """

    def __init__(self, scratch: Path, *, quick: bool, say: Callable[[str], None]) -> None:
        self.scratch = scratch
        self.quick = quick
        self.say = say
        self.models = settings().models.resolve()
        self._stack = contextlib.ExitStack()

    def close(self) -> None:
        """Ends the system if one was started."""
        self._stack.close()

    def rounds(self, many: int, few: int = 1) -> int:
        """How often to repeat."""
        return few if self.quick else many

    @cached_property
    def clip(self) -> Path:
        """The 720p squat clip, or the synthetic one where the shared folder is missing."""
        shared = Path(os.environ.get("POSEQUEUE_SHARED", ROOT.parent / "shared"))
        if (shared / SQUAT).is_file():
            return shared / SQUAT
        return ROOT / "tests/clips/squat_5.mp4"

    @cached_property
    def media(self) -> VideoInfo:
        """Size, rate and duration of the clip."""
        return probe(self.clip, MediaLimits())

    @property
    def note(self) -> str:
        """Which clip it is; a sentence for the notes."""
        media = self.media
        text = (
            f"Clip: `{self.clip.name}`, {media.width}x{media.height}, {media.fps:g} fps, "
            f"{media.duration_ms / 1000:.2f} s, {media.codec}."
        )
        if self.clip.name != Path(SQUAT).name:
            text += " The 720p clip is not here: this one is small, so the aims do not apply."
        return text

    @cached_property
    def one_frame(self) -> Path:
        """A video of the clip's first frame alone."""
        path = self.scratch / "one_frame.mp4"
        program = str(find_tools().ffmpeg)
        command = [program, "-v", "error", "-i", str(self.clip), "-frames:v", "1", "-an",
                   "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path)]  # fmt: skip
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path

    @cached_property
    def environment(self) -> dict[str, str]:
        """Variables for a command of ours."""
        return {
            "POSEQUEUE_MODELS_DIR": str(self.models),
            "POSEQUEUE_PROVIDER": "cpu",
            # all clients come from one address here
            "POSEQUEUE_CONNECTIONS_PER_CLIENT": "0",
            # an installed program is compiled once, not at every start
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def analyze(self, *arguments: str | Path) -> list[str | Path]:
        """The command line of `posequeue analyze`."""
        program = Path(sys.executable).with_name("posequeue")
        return [program, "analyze", *arguments, "--exercise", EXERCISE]

    @cached_property
    def pose_log(self) -> Path:
        """The clip's pose log."""
        path = self.scratch / "clip.poses"
        self.say("estimating the clip's poses once")
        process_cost(self.analyze(self.clip, "--poses", path, *EVERY_FRAME), self.environment)
        return path

    def poses_of(self, clip: str, exercise: str) -> Path:
        """The pose log of one of our own clips, estimated at the first use."""
        path = self.scratch / f"{exercise}.poses"
        if not path.is_file():
            self.say(f"estimating the poses of {clip} once")
            command = [*self.analyze()[:2], ROOT / clip, "--exercise", exercise, "--poses", path]
            process_cost([*command, *EVERY_FRAME], self.environment)
        return path

    @cached_property
    def system(self) -> System:
        """Servers, API and a worker of two processes; ended by `close`."""
        self.say(f"starting the system with {PROCESSES} worker processes")
        os.environ.update(self.environment)
        folder = self.scratch / "system"
        system = System(folder, processes=PROCESSES, say=lambda _line: None)
        return self._stack.enter_context(system)
