"""What a job follows: an exercise of the catalogue, or a reference movement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.contract.exercises import View
from worker.motion.recognition.tracker import AutoTracker
from worker.motion.reps.frame_events import Tracker


@dataclass(frozen=True)
class Target:
    """`name` is what the summary says; `joints` are those of one side, without its prefix, that
    guidance asks for, seen from `view`; `texts` the advice by code. Where the exercise is to be
    recognised, `recogniser` tells its name."""

    name: str
    tracker: Tracker
    joints: tuple[str, ...]
    view: View = "any"
    texts: Mapping[str, str] = field(default_factory=dict)
    hold: bool = False
    reference: bool = False
    recogniser: AutoTracker | None = None
