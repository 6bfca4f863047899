"""Frames of a file to pose chunks: all in order, those behind any chunk, or one segment alone."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import structlog

from worker.contract.errors import JobError
from worker.contract.media import MediaInfo
from worker.contract.poses import PoseChunk
from worker.media.decoding.video import FrameReader, decode
from worker.media.sandbox.limits import MediaLimits
from worker.observability.metrics import FRAMES, STAGE_SECONDS, record, timed, timed_each
from worker.pipeline.frame_chunks import FrameChunk, PrefetchingReader, grouped
from worker.pipeline.segments import LOOK, Segments, frame_fingerprint, matches
from worker.pose.engine import MAX_SIDE, Estimation
from worker.pose.tracking.box_interpolation import KEYFRAME_S
from worker.pose.tracking.subject_tracker import WARM, contested, head_start

log = structlog.get_logger()


AHEAD_S = 8.0
"""Media time at a video's beginning that is looked at for who exercises: two or three reps."""


@dataclass(frozen=True)
class SegmentStart:
    """How the estimation of a segment began: the last chunk of the warm-up, as frame times and
    look, None where it had no frames."""

    times_us: list[int]
    look: list[int] | None

    def behind(self, chunk: PoseChunk) -> bool:
        """Whether the segment follows on `chunk`."""
        return matches(chunk, self.times_us, self.look)


@dataclass(frozen=True)
class SegmentEnd:
    """A segment is whole; `last`: the video ends with it, or before."""

    last: bool


class DamagedSegment(Exception):
    """A part of the file is damaged; how much of the whole that is, only a whole read tells."""


class VideoEstimator:
    """The estimation of one video. `max_fps` None takes every frame."""

    def __init__(
        self,
        path: Path,
        media: MediaInfo,
        models: Estimation,
        segments: Segments,
        limits: MediaLimits,
        max_fps: float | None,
    ) -> None:
        self._path = path
        self._media = media
        self._models = models
        self._limits = limits
        self._max_fps = max_fps
        self._damaged = False
        self.duration_us = media.duration_ms * 1000
        self.most_frames = limits.max_frames
        self.segments = segments

    def chunks(
        self,
        previous: PoseChunk | None,
        number: int,
        enter: Callable[[int], bool] = lambda _segment: True,
    ) -> Generator[PoseChunk]:
        """All that comes behind `previous`, the first of it as chunk `number`.

        `enter` is asked before each segment behind that of `previous`; where it says no, that is
        all.
        """
        for frames in self._behind(previous):
            place = self.segments.of_chunk(frames)
            before = None if previous is None else self.segments.of_chunk(previous)
            if before not in (None, place) and not enter(place):
                return
            previous = self._estimate(previous, number, frames)
            number += 1
            yield previous
        if self._damaged:
            for _ in self._decode():  # raises where it is too much of the whole
                pass

    def segment(self, segment: int) -> Iterator[SegmentStart | PoseChunk | SegmentEnd]:
        """A segment by itself: how it began, its chunks, numbered from 0 as are their frames, and
        how it ended.

        Raises Damaged, and JobError where nothing can be read there.
        """
        began = SegmentStart([], None)
        state = self.segments.first_state(whole=False)
        before: PoseChunk | None = None
        last = True
        reader = self._decode(start_us=self.segments.warm_us(segment))
        with PrefetchingReader(reader) as chunks:
            number = first = 0
            for frames in timed_each(chunks, STAGE_SECONDS, "decode"):
                if (place := self.segments.of_chunk(frames)) > segment:
                    last = False
                    break
                if place < segment:
                    began = SegmentStart(
                        frames.times_us.tolist(), frame_fingerprint(frames.images[-1])
                    )
                    state = self._models.warm_up_state(frames.times_us, frames.images, state)
                    continue
                if before is None:
                    yield began
                    first = frames.first
                frames = replace(frames, first=frames.first - first)
                before = self._estimate(before, number, frames, state)
                number += 1
                yield before
        if before is None:
            yield began
        if reader.damaged:
            raise DamagedSegment
        yield SegmentEnd(last)

    def _estimate(
        self,
        previous: PoseChunk | None,
        number: int,
        frames: FrameChunk,
        start: dict[str, Any] | None = None,
    ) -> PoseChunk:
        state = self.segments.state_for(previous, int(frames.times_us[0]))
        if previous is None:
            warm = {WARM: state[WARM]} if WARM in state else {}
            state = state if start is None else {**start, **warm}
        times, images = frames.times_us, frames.images
        with timed(STAGE_SECONDS, "infer"):
            chunk = self._models.estimate(number, frames.first, times, images, state)
            if previous is None and start is None and (known := self._head_start(chunk)):
                state = {**state, **known}
                chunk = self._models.estimate(number, frames.first, times, images, state)
        record(FRAMES, len(images))
        return replace(chunk, state={**chunk.state, LOOK: frame_fingerprint(frames.images[-1])})

    def _head_start(self, first: PoseChunk) -> dict[str, Any] | None:
        """The state to begin the video with where somebody else than the subject of its `first`
        chunk turns out to be who exercises; None where not, or one person is all there is.

        No later chunk changes its mind about what was before it: a segment finds its subject in the
        seconds that warm it up.
        """
        if self.segments.choice != "auto" or not contested(first.state):
            return None
        state = {name: value for name, value in first.state.items() if name != WARM}
        reader = self._decode(start_us=int(first.times_us[-1]) + 1, max_fps=1 / KEYFRAME_S)
        try:
            with reader as frames:
                soon = takewhile(lambda frame: frame.time_us < AHEAD_S * 1e6, frames)
                for chunk in grouped(soon):
                    state = self._models.warm_up_state(chunk.times_us, chunk.images, state)
        except JobError:
            return None  # what is broken there is for the estimation to say
        return head_start(first.state, state)

    def _behind(self, previous: PoseChunk | None) -> Iterator[FrameChunk]:
        """Frames behind `previous`: sought, and where that does not find `previous` again, all
        that comes before is read too."""
        if previous is None:
            yield from self._read(self._decode())
            return
        start_us = int(previous.times_us[0])
        if start_us:
            sought = self._read(self._decode(start_frame=previous.first, start_us=start_us))
            if self._found(previous, sought):
                yield from sought
                return
            sought.close()
            log.info("seek_missed", time_us=start_us)
        whole = self._read(self._decode(start_frame=previous.first))
        # the frames that are known are among them, so that no more are not taken for damage
        next(whole, None)
        yield from whole

    @staticmethod
    def _found(previous: PoseChunk, sought: Iterator[FrameChunk]) -> bool:
        try:
            frames = next(sought, None)
        except JobError:
            return False
        if frames is None:
            return False
        return matches(previous, frames.times_us.tolist(), frame_fingerprint(frames.images[-1]))

    def _read(self, reader: FrameReader) -> Generator[FrameChunk]:
        try:
            with PrefetchingReader(reader) as chunks:
                yield from timed_each(chunks, STAGE_SECONDS, "decode")
        finally:
            self._damaged |= reader.sought and bool(reader.damaged)

    def _decode(
        self, start_frame: int = 0, start_us: int = 0, max_fps: float | None = None
    ) -> FrameReader:
        return decode(
            self._path,
            self._media,
            max_side=MAX_SIDE,
            max_fps=max_fps or self._max_fps,
            gpu=self._models.environment.gpu,
            limits=self._limits,
            start_frame=start_frame,
            start_us=start_us,
        )
