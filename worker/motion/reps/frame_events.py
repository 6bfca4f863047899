"""What a tracker finds in one frame, before it becomes messages."""

from __future__ import annotations

from dataclasses import dataclass

from worker.contract.message_parts import Rep


@dataclass(frozen=True)
class FrameEvent:
    """One frame of the exercise.

    `progress` 0-100 within the rep or hold; `rep` an attempt that ended here; `live` the form
    score of the rep in progress, where it is time to say it; `advice` the codes that hold from
    here on, where a rep or a hold's judgement ended here; `seconds` a hold's whole seconds.
    """

    progress: float = 0.0
    rep: Rep | None = None
    live: float | None = None
    advice: tuple[str, ...] | None = None
    seconds: int | None = None


NOTHING = FrameEvent()
