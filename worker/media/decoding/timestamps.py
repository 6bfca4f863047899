"""Times of frames as they are handed out: from the presentation's start, and always rising."""

from __future__ import annotations

from worker.media.sandbox.limits import BACK_S, LONGEST_GAP_S


class FrameClock:
    """Turns a container's times into a presentation's; microseconds throughout.

    `step_us` is a frame's ordinary length: it stands in for a missing time, and half of it parts
    two frames that the file gives one time. `delay_us` is added to every time. A gap of more than
    `longest_gap_s` seconds was not recorded.
    """

    def __init__(
        self, step_us: int, delay_us: int = 0, longest_gap_s: float = LONGEST_GAP_S
    ) -> None:
        self._step = max(1, step_us)
        self._delay = delay_us
        self._shift = 0
        self._longest = max(round(longest_gap_s * 1e6), 20 * self._step)
        self.last_us = -1

    def at(self, stamp_us: int | None) -> int:
        """The time of the next frame, stamped `stamp_us`, None where the file has no time."""
        time = self.last_us + self._step
        if stamp_us is not None:
            stamped = max(0, stamp_us + self._delay + self._shift)
            ahead = stamped - self.last_us
            if self.last_us >= 0 and not -BACK_S * 1e6 <= ahead <= self._longest:
                # The clock jumped (files joined carelessly): go on from the last frame.
                self._shift += time - stamped
            elif ahead > 0:
                time = stamped
            else:
                time = self.last_us + max(1, self._step // 2)
        self.last_us = time
        return time
