"""What a tracker finds in frames, before it becomes messages."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from worker.contract.message_parts import Recognised, Rep
from worker.motion.form import RepForm
from worker.motion.frames.frames import Frames


class FrameEvent(NamedTuple):
    """One frame of the exercise.

    `progress` 0-100 within the rep or hold; `reps` the attempts that are told here, counted or not,
    each with its own times; `live` the form score of the rep in progress, where it is time to say
    it; `advice` the codes that hold from here on, where reps are told; `seconds` a hold's whole
    seconds, and `form` its form so far.
    """

    progress: float = 0.0
    reps: tuple[Rep, ...] = ()
    live: float | None = None
    advice: tuple[str, ...] | None = None
    seconds: int | None = None
    form: RepForm | None = None


NOTHING = FrameEvent()


class Tracker(Protocol):
    """Finds the events of one movement, `name`, in the frames of a job, which it is given in order.
    `holds` says that its seconds are counted; `recognised` are the exercises that explain most, the
    best first, where none was named."""

    name: str
    holds: bool = False
    recognised: tuple[Recognised, ...] = ()

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""

    def finish(self) -> FrameEvent:
        """What the media's end completes."""
