"""Times of frames as they are handed out: from the presentation's start, and always rising."""

from __future__ import annotations

from worker.media.sandbox.limits import LONGEST_GAP_S


class FrameClock:
    """Turns a container's times into a presentation's; microseconds throughout.

    `step_us` is a frame's ordinary length: it stands in for a missing time and parts frames whose
    times do not rise. `delay_us` is added to every time.
    """

    def __init__(self, step_us: int, delay_us: int = 0) -> None:
        self._step = max(1, step_us)
        self._delay = delay_us
        self._shift = 0
        self._longest = max(round(LONGEST_GAP_S * 1e6), 20 * self._step)
        self.last_us = -1

    def at(self, stamp_us: int | None) -> int:
        """The time of the next frame, stamped `stamp_us`, None where the file has no time."""
        time = self.last_us + self._step
        if stamp_us is not None:
            time = max(0, stamp_us + self._delay + self._shift)
            leaps = self.last_us >= 0 and time - self.last_us > self._longest
            if time <= self.last_us or leaps:
                # The clock jumped (files joined carelessly): go on from the last frame.
                self._shift += self.last_us + self._step - time
                time = self.last_us + self._step
        self.last_us = time
        return time
