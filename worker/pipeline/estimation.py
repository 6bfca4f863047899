"""Frames of a video to pose chunks: all of them, those after a given chunk, or one segment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any

from worker.contract.errors import JobError
from worker.contract.media import MediaInfo
from worker.contract.poses import DAMAGED, PoseChunk, Sampling
from worker.media.decoding.video import FrameReader, decode
from worker.media.sandbox.limits import MediaLimits
from worker.observability.loggers import LazyLogger
from worker.observability.metrics import FRAMES, STAGE_SECONDS, record, timed, timed_each
from worker.pipeline.frame_chunks import FrameChunk, PrefetchingReader, grouped
from worker.pipeline.sampling import Selection, is_quick, selections
from worker.pipeline.segments import LOOK, WARM, Segments, frame_fingerprint, matches
from worker.pose.engine import MAX_SIDE
from worker.pose.interfaces import Estimation
from worker.pose.tracking.box_interpolation import KEYFRAME_S
from worker.pose.tracking.subject_states import contested, head_start

log = LazyLogger()

AHEAD_S = 8.0
"""Media seconds at a video's beginning that are searched for who exercises: two or three reps."""


@dataclass(frozen=True)
class SegmentStart:
    """The warm-up before a segment: frame times and fingerprint of its last chunk.

    `look` is None where the warm-up had no frames.
    """

    times_us: list[int]
    look: list[int] | None

    def behind(self, chunk: PoseChunk) -> bool:
        """Whether the segment follows `chunk`."""
        return matches(chunk, self.times_us, self.look)


@dataclass(frozen=True)
class SegmentEnd:
    """The end of a segment; `last`: the video ends in it or before it."""

    last: bool


class DamagedSegment(Exception):
    """Part of the file is damaged; how large a share of it, only reading the whole file tells."""


class VideoEstimator:
    """Estimates the poses of one video: of the frames of `sampling`, or of all of them up to
    `max_fps` frames a second (None: without a limit)."""

    def __init__(
        self,
        path: Path,
        media: MediaInfo,
        models: Estimation,
        segments: Segments,
        limits: MediaLimits,
        max_fps: float | None,
        sampling: Sampling | None = None,
    ) -> None:
        self._path = path
        self._media = media
        self._models = models
        self._limits = limits
        self._sampling = sampling
        self._max_fps = (sampling.quick or sampling.fps) if sampling else max_fps
        self._damaged = False
        self._aspect = media.width / max(media.height, 1)
        self.duration_us = media.duration_ms * 1000
        self.most_frames = limits.max_frames
        self.segments = segments

    def chunks(
        self,
        previous: PoseChunk | None,
        number: int,
        enter: Callable[[int], bool] = lambda _segment: True,
    ) -> Generator[PoseChunk]:
        """The chunks after `previous` (None: all), the first of them as chunk `number`.

        `enter` is called with each segment after that of `previous`, before its first chunk; where
        it returns False the iteration ends.
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
            for _ in self._decode():  # raises JobError where too much of the file is damaged
                pass

    def segment(self, segment: int) -> Iterator[SegmentStart | PoseChunk | SegmentEnd]:
        """One segment by itself: how it began, its chunks, how it ended.

        Chunks and frames are numbered from 0. Raises DamagedSegment, and JobError where nothing can
        be read.
        """
        began = SegmentStart([], None)
        state = self.segments.first_state(whole=False)
        before: PoseChunk | None = None
        last = True
        reader = self._decode(start_us=self.segments.warm_us(segment))
        with PrefetchingReader(reader) as chunks:
            number = 0
            for frames in timed_each(chunks, STAGE_SECONDS, "decode"):
                if (place := self.segments.of_chunk(frames)) > segment:
                    last = False
                    break
                if place < segment:
                    began = SegmentStart(
                        frames.times_us.tolist(), frame_fingerprint(frames.images[-1])
                    )
                    state = self._warmed(
                        frames, selections(frames.times_us, self._sampling)[0], state
                    )
                    continue
                if before is None:
                    yield began
                before = self._estimate(before, number, frames, state)
                number += 1
                yield before
        if before is None:
            yield began
        if reader.incomplete:
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
        warm = state.pop(WARM, None)
        if start is not None and previous is None:
            state = start
        first = 0 if previous is None else previous.first + len(previous)
        few, *more = selections(frames.times_us, self._sampling)
        with timed(STAGE_SECONDS, "infer"):
            chunk = self._poses(number, first, frames, few, state)
            if previous is None and start is None and (known := self._head_start(chunk)):
                state |= known
                chunk = self._poses(number, first, frames, few, state)
            for selection in more:
                if not is_quick(chunk, self._aspect):
                    break
                chunk = self._poses(number, first, frames, selection, state)
            found: dict[str, Any] = {LOOK: frame_fingerprint(frames.images[-1])}
            if warm is not None:
                # who begins at the next segment has not estimated anything yet
                found[WARM] = self._warmed(frames, few, warm)
        record(FRAMES, len(chunk))
        if frames.incomplete:
            found[DAMAGED] = True
        return replace(chunk, state=chunk.state | found)

    def _poses(
        self, number: int, first: int, frames: FrameChunk, chosen: Selection, state: dict[str, Any]
    ) -> PoseChunk:
        shown = frames.of(chosen.rows)
        return self._models.estimate(
            number, first, shown.times_us, shown.images, state, chosen.keys
        )

    def _warmed(
        self, frames: FrameChunk, chosen: Selection, state: dict[str, Any]
    ) -> dict[str, Any]:
        shown = frames.of(chosen.rows)
        return self._models.warm_up_state(shown.times_us, shown.images, state, chosen.keys)

    def _head_start(self, first: PoseChunk) -> dict[str, Any] | None:
        """The state to begin with where another than the subject of the `first` chunk exercises.

        None where that is not so, or only one person is seen. Later chunks do not change who was
        the subject before them: a segment finds its subject in its own warm-up.
        """
        if self.segments.choice != "auto" or not contested(first.state):
            return None
        state = first.state
        reader = self._decode(start_us=int(first.times_us[-1]) + 1, max_fps=1 / KEYFRAME_S)
        try:
            with reader as frames:
                soon = takewhile(lambda frame: frame.time_us < AHEAD_S * 1e6, frames)
                for chunk in grouped(soon):
                    keys = range(len(chunk.images))
                    state = self._models.warm_up_state(chunk.times_us, chunk.images, state, keys)
        except JobError:
            return None  # broken media is reported by the estimation itself
        return head_start(first.state, state)

    def _behind(self, previous: PoseChunk | None) -> Iterator[FrameChunk]:
        """Frames after `previous`: by seeking, or from the beginning where that does not find it
        again."""
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
        whole = self._read(self._decode())
        rest = dropwhile(lambda frames: frames.times_us[0] < start_us, whole)
        # begins with known frames, so that a video without further ones does not look damaged
        next(rest, None)
        yield from rest

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
