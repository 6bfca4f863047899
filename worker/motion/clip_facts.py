"""What an analysis says of the clip as a whole: how long it is, who was seen, what was missing."""

from __future__ import annotations

import msgspec

from worker.contract.media import MediaInfo, WarningCode
from worker.contract.messages import ExerciseSummary, Message
from worker.contract.poses import DAMAGED, PEOPLE, TURN, PoseChunk

LEAST_FPS = 4.0
"""Frames a second below which turning points of ordinary reps (about 2 s) fall between frames."""
LEAST_REP_FRAMES = 5
"""Frames of one rep: its two ends, its turning point, and one on each way."""


class ClipFacts:
    """Gathered from the chunks of a log, told at the end; `lying` says that the exercise is done
    lying down, where a picture that shows a lying body was not turned."""

    def __init__(self, media: MediaInfo, lying: bool = False) -> None:
        self._media = media
        self._lying = lying
        self._first_us = -1
        self.last_us = 0
        """Time of the last frame in microseconds; 0 before the first."""
        self.frames = 0
        self._people = 0
        self._turned = self._damaged = False
        self._warnings = list(media.warnings)

    def add(self, chunk: PoseChunk) -> None:
        """One more chunk of the log."""
        if not len(chunk):
            return
        if self._first_us < 0:
            self._first_us = int(chunk.times_us[0])
        self.last_us = int(chunk.times_us[-1])
        self.frames += len(chunk)
        self._people = max(self._people, int(chunk.state.get(PEOPLE, 0)))
        self._turned |= bool(chunk.state.get(TURN, 0))
        self._damaged |= bool(chunk.state.get(DAMAGED))

    @property
    def fps(self) -> float:
        """Frames a second that were analysed."""
        if self.frames < 2 or self.last_us <= self._first_us:
            return self._media.fps
        return (self.frames - 1) * 1e6 / (self.last_us - self._first_us)

    @property
    def duration_ms(self) -> float:
        """What was decoded, up to the end of the last frame."""
        if self.frames < 2:
            return round(self._media.duration_ms, 1)
        return round(self.last_us / 1000 + 1000 / self.fps, 1)

    @property
    def warnings(self) -> tuple[WarningCode, ...]:
        """Those of the file and of what was seen; whole once `complete` was called."""
        return tuple(self._warnings)

    def complete(self, messages: list[Message]) -> list[Message]:
        """The closing messages with what is known of the whole clip in their summary; warnings that
        are there already are kept."""
        for message in messages:
            if isinstance(message, ExerciseSummary):
                self._warnings += message.warnings
        if self._damaged:
            self._warnings.append("damaged")
        if self._turned and not self._lying:
            self._warnings.append("turned")
        if self._media.kind == "video" and self.frames and self._too_few(messages):
            self._warnings.append("low_frame_rate")
        return [
            msgspec.structs.replace(
                message,
                durationMs=self.duration_ms,
                people=self._people,
                warnings=self.warnings,
            )
            if isinstance(message, ExerciseSummary)
            else message
            for message in messages
        ]

    def _too_few(self, messages: list[Message]) -> bool:
        reps = [
            rep
            for message in messages
            if isinstance(message, ExerciseSummary)
            for rep in message.history
            if rep.counted
        ]
        shortest = min((rep.durationMs / 1000 for rep in reps), default=1e9)
        return self.fps < LEAST_FPS or self.fps * shortest < LEAST_REP_FRAMES
