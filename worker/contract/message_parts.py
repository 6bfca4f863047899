"""What messages are made of: their base, and the structs in them."""

from __future__ import annotations

from typing import Literal

import msgspec

from worker.contract.grades import Grade


class Base(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Base of all messages; fields left at their default are not sent."""


class MessagePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the structs in messages; fields left at their default are not sent."""


class CriterionScore(MessagePart, omit_defaults=True, frozen=True):
    """One criterion of a rep's form (a PoseQueue extension). `judged` is false where the view or
    the joints do not show it; then it has no `value` and no `score`. `unit` of the value: deg
    (degrees), ratio (of two lengths or times) or share (1 is all of it); `score` is 0-100. Set only
    where the form could be better: `joints`, those to look at (COCO names without the side), and
    `atMs`, the media time of the rep's turning point."""

    name: str
    judged: bool
    unit: Literal["deg", "ratio", "share"]
    value: float | None = None
    score: float | None = None
    joints: tuple[str, ...] = ()
    atMs: float | None = None


class FormScore(MessagePart, frozen=True):
    """Form score of one rep, and the mean over all counted reps, 0-100; `criteria` (a PoseQueue
    extension) are those of the rep."""

    score: float
    avg_score: float
    grade: Grade
    criteria: tuple[CriterionScore, ...] | None = None


class ReferenceScore(MessagePart, frozen=True):
    """Similarity to a reference movement, 0-1 each."""

    overallScore: float
    poseScore: float
    timingScore: float
    movementScore: float
    grade: Grade


class FramePart(MessagePart, kw_only=False, omit_defaults=False, frozen=True, gc=False):
    """Base of the parts that each frame has: tens of thousands are created per second, so they have
    positional arguments, and are untracked by the garbage collector, as frozen plain values cannot
    form cycles."""


class Keypoint(FramePart, frozen=True, gc=False):
    """One joint: `x` and `y` as 0-1 of the upright frame; `z` in widths of the frame from the
    middle of the hips, smaller is nearer, 0 where the model has none; `score` 0-1."""

    name: str
    x: float
    y: float
    z: float
    score: float


World = tuple[tuple[float, float, float], ...]
"""Position of each keypoint in metres, in the order of the keypoints: x to the right of the
picture, y down, z away from the camera, from the middle of the hips (a PoseQueue extension; only
from models with depth)."""


class KneeAngle(FramePart, frozen=True, gc=False):
    """Angle at the knee in degrees, 180 where straight; its score is the lowest of the three
    joints', 0-1."""

    from_hip_to_ankle: float
    score_from_hip_to_ankle: float


class HipAngle(FramePart, frozen=True, gc=False):
    """Angle at the hip, as `KneeAngle`."""

    from_knee_to_shoulder: float
    score_from_knee_to_shoulder: float


class ShoulderAngle(FramePart, frozen=True, gc=False):
    """Angle at the shoulder, as `KneeAngle`."""

    from_hip_to_elbow: float
    score_from_hip_to_elbow: float


class ElbowAngle(FramePart, frozen=True, gc=False):
    """Angle at the elbow, as `KneeAngle`."""

    from_shoulder_to_wrist: float
    score_from_shoulder_to_wrist: float


class SideAngles(FramePart, frozen=True, gc=False):
    """Joint angles of one side of the body."""

    knee_angle: KneeAngle
    hip_angle: HipAngle
    shoulder_angle: ShoulderAngle
    elbow_angle: ElbowAngle


class JointAngles(FramePart, frozen=True, gc=False):
    """Joint angles of one frame."""

    left_side: SideAngles
    right_side: SideAngles


class PoseSample(MessagePart, frozen=True, gc=False):
    """The pose of one frame in a `keypoints_batch`."""

    timestampMs: float
    frameId: int
    score: float
    keypoints: tuple[Keypoint, ...]
    world: World | None = None


RefusalReason = Literal[
    "too_shallow", "incomplete", "other_movement", "below_min_grade", "not_tracked", "cut_off"
]
"""Why a movement that was seen is not counted."""


class Rep(MessagePart, frozen=True):
    """One attempted rep, in ms of media time. `criteria` (a PoseQueue extension) are the parts of
    its form score; beside a reference those of its likeness, and behind them what is judged of the
    exercise that the reference shows, where that was recognised. A rep that is not counted has a
    `reason`."""

    index: int
    startMs: float
    endMs: float
    durationMs: float
    formScore: float
    grade: Grade
    counted: bool
    reason: RefusalReason | None = None
    referenceScore: ReferenceScore | None = None
    criteria: tuple[CriterionScore, ...] | None = None


class Recognised(MessagePart, frozen=True):
    """Ours: an exercise that was looked for, and how well it explains what is seen, 0-1."""

    exercise: str
    score: float


class VisibleHips(MessagePart, omit_defaults=False, frozen=True):
    """Which hips were seen with a score over 0.5."""

    left: bool
    right: bool


class Jump(MessagePart, frozen=True):
    """One accepted jump; height in cm, `plusMinusCm` and `reason` as in `jump_height`."""

    jumpNumber: int
    jumpHeightCm: float | None
    airTimeMs: float | None = None
    airTimeSeconds: float | None = None
    plusMinusCm: float | None = None
    reason: str | None = None
