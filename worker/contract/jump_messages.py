"""The messages of jump exercises."""

from __future__ import annotations

from worker.contract.message_parts import Base, Jump, VisibleHips


class JumpCalibration(Base, tag="jump_calibration", frozen=True):
    """Scale of the picture by the user's height; `baselineY` in pixels of the upright frame, y
    down."""

    calibrated: bool
    cmPerPixel: float | None
    baselineY: float | None
    visibleHips: VisibleHips
    message: str


class JumpStarted(Base, tag="jump_started", frozen=True):
    """A take-off was seen."""

    message: str
    timestampMs: float


class JumpHeight(Base, tag="jump_height", frozen=True):
    """Height in cm during and at the end of a jump; the final one has the jump's number, from 1.

    For `air_time_jump` it is that of the flight, g t^2 / 8 of the air time as a jump mat computes
    it; for `jump_analysis` the rise of the hips over the standing pose. 95 % of its errors are
    within `plusMinusCm`. It is null in slow motion whose capture rate is unknown. `reason` says why
    it is null, or why it is that of the flight alone: `slow_motion`, `not_calibrated` (no standing
    pose was seen), `hips_disagree` (the rise in the picture does not fit the flight: the given body
    height is wrong, or the camera is pitched).
    """

    jumpHeightCm: float | None
    measuring: bool
    landed: bool
    final: bool = False
    baselineY: float | None = None
    minY: float | None = None
    deltaPixels: float | None = None
    sideUsed: str | None = None
    airTimeMs: float | None = None
    airTimeSeconds: float | None = None
    visibleHips: VisibleHips | None = None
    jumpNumber: int | None = None
    plusMinusCm: float | None = None
    reason: str | None = None


class JumpDiscarded(Base, tag="jump_discarded", frozen=True):
    """A jump that is not counted, and why."""

    reason: str
    userMessage: str


class JumpSummary(Base, tag="jump_summary", frozen=True):
    """All accepted jumps; heights in cm, 0 where none has one."""

    totalJumps: int
    avgJumpHeight: float
    maxJumpHeight: float
    minJumpHeight: float
    jumps: tuple[Jump, ...]
    avgAirTimeSeconds: float | None = None
