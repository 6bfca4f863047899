"""Frames that hardware decodes, and software where it does not: none missing, none twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import JobError
from worker.media.decoding import nvdec
from worker.media.decoding.raw_reader import RawReader
from worker.observability.gpu_fallbacks import record_fallback

Open = Callable[[], RawReader]


class FallbackReader:
    """Frames of `hardware`; from the moment at which it fails, those of `software`.

    Both have to hand out the same frames with the same times. Failures are: an error before or
    after any frame, a frame that the hardware refused, an exit status that is not 0. Software then
    reads from the beginning and passes over all up to the last time that was handed out; its errors
    are raised.
    """

    def __init__(self, hardware: Open, software: Open) -> None:
        self._software: Open | None = software
        self._raw = hardware()

    @property
    def count(self) -> int:
        """Frames read so far."""
        return self._raw.count

    @property
    def damaged(self) -> int:
        """Frames that were decoded from damaged data; known at the end."""
        return self._raw.damaged

    @property
    def incomplete(self) -> bool:
        """Whether some of it could not be decoded, or only in part; whole at the end."""
        return self._raw.incomplete

    @property
    def cut_off(self) -> bool:
        """Whether the file ends before its index says so; known at the end."""
        return self._raw.cut_off

    @property
    def last_us(self) -> int:
        """Time of the last frame, -1 before the first."""
        return self._raw.last_us

    def close(self) -> None:
        """Ends the child; may be called again."""
        self._raw.close()

    def read(self) -> tuple[int, NDArray[np.uint8]] | None:
        """The next frame's time in microseconds and its bytes uint8 [size], None at the end;
        raises JobError as software does."""
        if self._software is None:
            return self._raw.read()
        done_us = self._raw.last_us
        try:
            read = self._raw.read()
        except JobError as error:
            said = str((error.details or {}).get("reason", error))
            return self._again(self._software, done_us, " / ".join(said.splitlines()))
        if self._raw.refused:
            return self._again(self._software, done_us, "a frame was refused")
        if read is None and self._raw.status:
            return self._again(self._software, done_us, f"ffmpeg ended with {self._raw.status}")
        if read is None:
            nvdec.note_outcome(failed=False)
        return read

    def _again(
        self, software: Open, done_us: int, reason: str
    ) -> tuple[int, NDArray[np.uint8]] | None:
        self._raw.close()
        self._software, self._raw = None, software()
        read = self._raw.read()
        while read is not None and read[0] <= done_us:
            read = self._raw.read()
        # not before: what software does not decode either is no fault of the GPU
        record_fallback("decode", "software", reason)
        nvdec.note_outcome(failed=True)
        return read
