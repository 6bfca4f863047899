"""Reads raw frames and their times from a decoding child, so that neither can slip.

The last filter writes one line a frame (number and presentation time in microseconds) to a pipe
of its own before it hands the frame on, so the line is there whenever the frame is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding import filter_graph
from worker.media.decoding.timestamps import FrameClock
from worker.media.sandbox.child_process import Child
from worker.media.sandbox.media_process import (
    CORRUPT,
    ERROR,
    PARTIAL,
    REFUSED,
    SAME_TIME,
    ChildLimits,
    ChildStalled,
)

_LINE = re.compile(rb"frame:(\d+)\s+pts:(-?\d+|NOPTS)")
_MARK = {"key": "posequeue", "value": "1"}


class RawFrames(Protocol):
    """What hands out raw frames with their times."""

    @property
    def count(self) -> int:
        """Frames read so far."""
        ...

    @property
    def damaged(self) -> int:
        """Frames that were decoded from damaged data; known at the end."""
        ...

    @property
    def incomplete(self) -> bool:
        """Whether some of it could not be decoded, or only in part; whole at the end."""
        ...

    @property
    def cut_off(self) -> bool:
        """Whether the file ends before its index says so; known at the end."""
        ...

    @property
    def last_us(self) -> int:
        """Time of the last frame, -1 before the first."""
        ...

    def read(self) -> tuple[int, NDArray[np.uint8]] | None:
        """The next frame's time in microseconds and its bytes uint8 [size], None at the end."""
        ...

    def close(self) -> None:
        """Ends the child; may be called again."""
        ...


class RawReader:
    """Frames of `size` bytes from `stream`, each with its time in microseconds.

    `step_us`, `delay_us` and `longest_gap_s` are those of FrameClock. A context manager; leaving it
    ends the child.
    """

    def __init__(
        self,
        path: Path,
        stream: Any,
        *,
        pixel_format: str,
        size: int,
        step_us: int,
        delay_us: int,
        longest_gap_s: float,
        limits: ChildLimits,
    ) -> None:
        self._size = size
        self._clock = FrameClock(step_us, delay_us, longest_gap_s)
        self.count = 0
        self.status = 0
        """Exit status of the child; known at the end."""
        receiving, sending = os.pipe()
        self._times: IO[bytes] = os.fdopen(receiving, "rb")
        marked = (
            stream.filter("format", pixel_format)
            .filter("settb", "AVTB")
            .filter("metadata", mode="add", **_MARK)
            .filter("metadata", mode="print", key=_MARK["key"], file=f"pipe:{sending}", direct=1)
        )
        output = marked.output("pipe:1", format="rawvideo", fps_mode="passthrough")
        try:
            self._child = Child(
                filter_graph.command(output), limits=limits, source=path, pass_fds=(sending,)
            )
        except BaseException:
            self._times.close()
            raise
        finally:
            os.close(sending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child; may be called again."""
        self._child.close()
        self._times.close()

    def read(self) -> tuple[int, NDArray[np.uint8]] | None:
        """The next frame's time in microseconds and its bytes uint8 [size], None at the end.

        Raises JobError `media_decode_error` where not one frame came, or the child ran out of
        its limits or stalled.
        """
        frame = np.empty(self._size, np.uint8)
        try:
            filled = self._child.read_into(frame.data)
            if filled < self._size:
                self._end()
                return None
        except ChildStalled as error:
            raise _broken("Decoding the video does not go on.") from error
        time_us = self._next_time()
        self.count += 1
        return time_us, frame

    def _next_time(self) -> int:
        line = self._times.readline()
        self._times.readline()  # the mark itself
        found = _LINE.match(line)
        if found is None or int(found.group(1)) != self.count:
            raise JobError(ErrorCode.INTERNAL, f"frame {self.count} came with {line!r}")
        stamp = found.group(2)
        return self._clock.at(None if stamp == b"NOPTS" else int(stamp))

    @property
    def damaged(self) -> int:
        """Frames that were decoded from damaged data; known at the end."""
        return self._child.marks[CORRUPT]

    @property
    def incomplete(self) -> bool:
        """Whether some of it could not be decoded, or only in part; whole at the end."""
        marks = self._child.marks
        return marks[CORRUPT] > 0 or marks[ERROR] > marks[SAME_TIME]

    @property
    def cut_off(self) -> bool:
        """Whether the file ends before its index says so; known at the end."""
        return bool(self._child.marks[PARTIAL])

    @property
    def refused(self) -> bool:
        """Whether hardware that was to decode did not; whole at the end."""
        return any(self._child.marks[mark] for mark in REFUSED)

    @property
    def last_us(self) -> int:
        """Time of the last frame, -1 before the first."""
        return self._clock.last_us

    def _end(self) -> None:
        self.status = self._child.finish()
        if self._child.out_of_limits:
            raise _broken("Decoding the video takes more than is allowed.")
        if self.count == 0:
            raise nothing_decodes(self._child.tail)


def _broken(message: str, tail: str = "") -> JobError:
    details = {"reason": tail[-300:]} if tail else None
    return JobError(ErrorCode.MEDIA_DECODE_ERROR, message, details)


def nothing_decodes(tail: str) -> JobError:
    """The error of a video of which no frame came; `tail` is the last its decoder said."""
    if "Decoder not found" in tail or "decoder was found" in tail or "no decoder" in tail.lower():
        message = "The video's codec is not supported."
        return JobError(ErrorCode.MEDIA_UNSUPPORTED, message, {"reason": tail[-300:]})
    return _broken("The video is damaged: not one frame can be decoded.", tail)
