"""Models that stand in for real ones where segments are tested, and a clip for them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from worker.contract.keypoints import COUNT
from worker.contract.poses import Environment, PoseChunk, quantised
from worker.media.probing.ffmpeg_tools import find_tools
from worker.pose.detectors.nanodet import Detections
from worker.pose.interfaces import Image
from worker.pose.tracking.subject_tracker import Choice, SubjectTracker

SEGMENT_S = 4
"""Two chunks, the second of which warms up the next segment."""


class Tracking:
    """Models whose poses tell everything that they were estimated from: the pictures, and the
    state of the tracker. Somebody walks through the picture; `elsewhere` is where from then on."""

    keypoints = COUNT
    environment = Environment(execution_provider="", device="cpu", model="test", gpu=False)

    def __init__(self, newcomer_s: float = 1e9) -> None:
        self.newcomer_s = newcomer_s
        self.estimated = 0

    def estimate(
        self, index: int, first: int, times_us: NDArray[np.int64], images: Sequence[Image],
        state: dict[str, Any], _keys: object,
    ) -> PoseChunk:  # fmt: skip
        after = self.warm_up_state(times_us, images, state, _keys)
        poses = np.zeros((len(images), COUNT, 3), np.float32)
        poses[..., 0] = np.array([image.mean() / 255 for image in images])[:, None]
        poses[..., 1] = sum(track["weight"] for track in after["tracks"]) % 1.0
        poses[..., 2] = (after["subject"] or 0) / 10
        self.estimated += len(images)
        return quantised(
            PoseChunk(index, first, times_us, poses, np.zeros((len(images), 4), np.float32), after)
        )

    def warm_up_state(
        self, times_us: NDArray[np.int64], images: Sequence[Image], state: dict[str, Any],
        _keys: object,
    ) -> dict[str, Any]:  # fmt: skip
        tracker = SubjectTracker.restore(160, 120, state)
        for time, image in zip(times_us.tolist(), images, strict=True):
            seconds = time / 1e6
            boxes = [[40 + seconds, 10, 80 + seconds + image.mean() / 255, 100]]
            if seconds > self.newcomer_s:
                boxes.append([70, 0, 160, 120])  # larger than who was there before
            found = np.array(boxes, np.float32)
            tracker.update(Detections(found, np.full(len(found), 0.9, np.float32)), seconds)
        return tracker.state()

    def estimate_image(self, image: Image, choice: Choice = "auto") -> PoseChunk:
        raise NotImplementedError

    def profiled(self, _profile: object) -> Self:
        return self

    def named(self, _model: str) -> Tracking:
        """As an engine is asked for its models."""
        return self


def make_clip(path: Path) -> Path:
    """17.5 s at 10 frames a second: five segments."""
    command = [find_tools().ffmpeg, "-v", "error", "-f", "lavfi", "-i",
               "testsrc2=size=160x120:rate=10:duration=17.5", "-c:v", "libx264", "-g", "30",
               "-pix_fmt", "yuv420p", path]  # fmt: skip
    subprocess.run(command, check=True)
    return path
