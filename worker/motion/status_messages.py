"""How a job's messages begin: loading, the environment, and the share that is done."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import ErrorCode
from worker.contract.messages import EnvironmentMessage, Initialization, Message
from worker.contract.poses import LogHead

STEP_PERCENT = 5
"""Per cent of the media between two progress texts."""


def opening(head: LogHead) -> list[Message]:
    """What is said before the first frame."""
    source = head.media.kind
    texts = (
        ("loading video",)
        if source == "video"
        else ("loading image", "initializing pose model", "running")
    )
    messages: list[Message] = [
        Initialization(message=text, ready=text == "running", source=source, progress=0.0)
        for text in texts
    ]
    environment = head.environment
    messages.append(
        EnvironmentMessage(
            poseBackend="webgl" if environment.gpu else "wasm",
            webgl=environment.gpu,
            executionProvider=environment.execution_provider,
            device=environment.device,
            model=environment.model,
            warnings=(ErrorCode.BACKEND_FALLBACK_CPU,) if environment.fallback else None,
        )
    )
    return messages


def ready(head: LogHead) -> Message:
    """Said when every frame is analysed."""
    return Initialization(
        message="Analysis completed", ready=True, source=head.media.kind, progress=1.0
    )


class ProgressMessages:
    """Progress texts at each STEP_PERCENT per cent of `duration_ms` of media."""

    def __init__(self, duration_ms: float) -> None:
        self._duration_us = duration_ms * 1000
        self._said = 0

    def of(self, times_us: NDArray[np.int64]) -> list[list[Message]]:
        """For each frame the text, if it is the first beyond a further step."""
        said: list[list[Message]] = [[] for _ in times_us]
        if self._duration_us <= 0:
            return said
        steps = np.minimum(100 * times_us / self._duration_us, 100.0) // STEP_PERCENT
        for row in np.flatnonzero(steps * STEP_PERCENT > self._said).tolist():
            percent = int(steps[row]) * STEP_PERCENT
            if percent > self._said:
                self._said = percent
                said[row].append(_working(percent))
        return said


def _working(percent: int) -> Message:
    text = f"Your video is processing, please stay on this page ({percent}%)"
    return Initialization(message=text, ready=False, source="video", progress=percent / 100)
