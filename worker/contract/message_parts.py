"""Named parts of messages."""

from __future__ import annotations

import msgspec

from worker.contract.grades import Grade


class MessagePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named part of a message; fields left at their default are not sent."""


class FormScore(MessagePart, frozen=True):
    """Form of one rep and of all counted ones, 0-100."""

    score: float
    avg_score: float
    grade: Grade


class ReferenceScore(MessagePart, frozen=True):
    """Likeness to a reference movement, 0-1 each."""

    overallScore: float
    poseScore: float
    timingScore: float
    movementScore: float
    grade: Grade


# The per-frame parts are made by the ten thousand a second: in positional order, and without a look
# by the garbage collector, as frozen plain values can be part of no cycle.
class Keypoint(MessagePart, kw_only=False, omit_defaults=False, frozen=True, gc=False):
    """One joint: x and y as 0-1 of the upright frame; z in widths of it from the middle of the
    hips, smaller is nearer, 0 where the model has none."""

    name: str
    x: float
    y: float
    z: float
    score: float


World = tuple[tuple[float, float, float], ...]
"""Ours: where each keypoint is in metres, in their order: x to the right of the picture, y down, z
away from the camera; 0 is the middle of the hips. Only of models with depth."""


class PoseSample(MessagePart, frozen=True, gc=False):
    """One frame of a `keypoints_batch`."""

    timestampMs: float
    frameId: int
    score: float
    keypoints: tuple[Keypoint, ...]
    world: World | None = None


class Rep(MessagePart, frozen=True):
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


class VisibleHips(MessagePart, omit_defaults=False, frozen=True):
    """Which hips were seen with a score over 0.5."""

    left: bool
    right: bool


class Jump(MessagePart, frozen=True):
    """One accepted jump; height in cm."""

    jumpNumber: int
    jumpHeightCm: float
    airTimeMs: float | None = None
    airTimeSeconds: float | None = None
