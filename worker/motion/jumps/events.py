"""What is told of a jump while it is followed, beside calibrations and the measured jumps."""

from __future__ import annotations

from dataclasses import dataclass

from worker.motion.jumps.calibration import Calibration
from worker.motion.jumps.height import Jump


@dataclass(frozen=True)
class Started:
    """Take-off, at `seconds`."""

    seconds: float


@dataclass(frozen=True)
class Rising:
    """In the air, or just landed: metres so far."""

    height: float
    landed: bool


@dataclass(frozen=True)
class Discarded:
    """Not a jump, for a `reason`."""

    reason: str


Event = Calibration | Started | Rising | Discarded | Jump
