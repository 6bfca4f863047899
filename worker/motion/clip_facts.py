"""What an analysis says of the clip as a whole: how long it is, who was seen, what was missing."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from worker.contract.media import MediaInfo, WarningCode
from worker.contract.message_parts import Rep
from worker.contract.messages import ExerciseSummary, Message
from worker.contract.poses import DAMAGED, PEOPLE, TURN, PoseChunk
from worker.motion.frames.smoothing import has_person

LEAST_FPS = 4.0
"""Frames a second below which turning points of ordinary reps (about 2 s) fall between frames."""
LEAST_REP_FRAMES = 5
"""Frames of one rep: its two ends, its turning point, and one on each way."""


class ClipFacts:
    """Gathered from the chunks of a log, told at the end; `lying` says that the exercise is done
    lying down, where a picture that shows a lying body was not turned."""

    def __init__(self, media: MediaInfo, lying: bool) -> None:
        self._media = media
        self._lying = lying
        self._first_us = -1
        self._most_people = 0
        self._turned = self._damaged = False
        self.last_us = 0
        """Time of the last frame in microseconds; 0 before the first."""
        self.frames = self.person_frames = self.next_frame = 0
        """Frames, those with somebody in them, and the index of the frame after the last."""
        self.warnings: tuple[WarningCode, ...] = tuple(media.warnings)
        """Those of the file and of what was seen; whole once `complete` was called."""

    def add(self, chunk: PoseChunk) -> None:
        """One more chunk of the log."""
        if not len(chunk):
            return
        if self._first_us < 0:
            self._first_us = int(chunk.times_us[0])
        self.last_us = int(chunk.times_us[-1])
        self.next_frame = chunk.first + len(chunk)
        self.frames += len(chunk)
        self.person_frames += int(np.count_nonzero(has_person(chunk.keypoints)))
        self._most_people = max(self._most_people, int(chunk.state.get(PEOPLE, 0)))
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
        """What was decoded, up to the end of the last frame: the file's own duration where that
        lies before the next frame would have been analysed."""
        last, known = self.last_us / 1000, self._media.duration_ms
        if self.frames < 2:
            return round(known, 1)
        end = last + 1000 / self.fps
        return round(known if last < known <= end else end, 1)

    def complete(self, messages: list[Message]) -> list[Message]:
        """The closing messages with what is known of the whole clip in their summary; warnings that
        are there already are kept."""
        summaries = [one for one in messages if isinstance(one, ExerciseSummary)]
        for summary in summaries:
            self.warnings += summary.warnings
        if self._damaged:
            self.warnings += ("damaged",)
        if self._turned and not self._lying:
            self.warnings += ("turned",)
        reps = [rep for summary in summaries for rep in summary.history if rep.counted]
        if self._media.kind == "video" and self.frames and self._too_few(reps):
            self.warnings += ("low_frame_rate",)
        facts = {
            "durationMs": self.duration_ms, "people": self._most_people, "warnings": self.warnings
        }  # fmt: skip
        return [
            msgspec.structs.replace(one, **facts) if one in summaries else one for one in messages
        ]

    def _too_few(self, reps: list[Rep]) -> bool:
        """Whether the frames are too few for `reps`, or for ordinary ones."""
        shortest = min((rep.durationMs / 1000 for rep in reps), default=math.inf)
        return self.fps < LEAST_FPS or self.fps * shortest < LEAST_REP_FRAMES
