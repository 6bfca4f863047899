"""Named parts of messages."""

from __future__ import annotations

import msgspec

from worker.contract.grades import Grade


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named part of a message; fields left at their default are not sent."""


class FormScore(Part, frozen=True):
    """Form of one rep and of all counted ones, 0-100."""

    score: float
    avg_score: float
    grade: Grade


class ReferenceScore(Part, frozen=True):
    """Likeness to a reference movement, 0-100 each."""

    overallScore: float
    poseScore: float
    timingScore: float
    movementScore: float
    grade: Grade


class Keypoint(Part, omit_defaults=False, frozen=True):
    """One joint: x and y as 0-1 of the upright frame, z 0 where the model has none."""

    name: str
    x: float
    y: float
    z: float
    score: float


class PoseSample(Part, omit_defaults=False, frozen=True):
    """One frame of a `keypoints_batch`."""

    timestampMs: float
    frameId: int
    score: float
    keypoints: tuple[Keypoint, ...]


class Rep(Part, frozen=True):
    """One attempted rep; `criteria` are the parts of its form score, 0-100 each."""

    index: int
    startMs: float
    endMs: float
    durationMs: float
    formScore: float
    grade: Grade
    counted: bool
    referenceScore: ReferenceScore | None = None
    criteria: dict[str, float] | None = None


class VisibleHips(Part, omit_defaults=False, frozen=True):
    """Which hips were seen with a score over 0.5."""

    left: bool
    right: bool


class Jump(Part, frozen=True):
    """One accepted jump; height in cm."""

    jumpNumber: int
    jumpHeightCm: float
    airTimeMs: float | None = None
    airTimeSeconds: float | None = None
