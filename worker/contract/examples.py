"""One realistic example of every message type, for documentation and tests."""

from __future__ import annotations

from worker.contract.errors import ErrorCode
from worker.contract.jump_messages import (
    JumpCalibration,
    JumpDiscarded,
    JumpHeight,
    JumpStarted,
    JumpSummary,
)
from worker.contract.keypoints import COCO_NAMES
from worker.contract.message_parts import (
    CriterionScore,
    ElbowAngle,
    FormScore,
    HipAngle,
    JointAngles,
    Jump,
    Keypoint,
    KneeAngle,
    PoseSample,
    ReferenceScore,
    Rep,
    ShoulderAngle,
    SideAngles,
    VisibleHips,
)
from worker.contract.messages import (
    Angles,
    Counter,
    Done,
    EnvironmentMessage,
    ErrorMessage,
    ExerciseSummary,
    ExportReady,
    FormScoreMessage,
    ImageOverlay,
    Initialization,
    Keypoints,
    KeypointsBatch,
    Message,
    Posture,
    Progression,
    Recommendations,
)

_JOINTS = tuple(
    Keypoint(name=name, x=round(0.4 + 0.01 * i, 3), y=round(0.1 + 0.05 * i, 3), z=0, score=0.9)
    for i, name in enumerate(COCO_NAMES)
)
_SIDE = SideAngles(
    knee_angle=KneeAngle(171.2, 0.91),
    hip_angle=HipAngle(168.0, 0.88),
    shoulder_angle=ShoulderAngle(12.5, 0.9),
    elbow_angle=ElbowAngle(164.3, 0.86),
)
_FORM = FormScore(score=91.5, avg_score=88.2, grade="A")
_HIPS = VisibleHips(left=True, right=True)
_JUMP = Jump(
    jumpNumber=1, jumpHeightCm=32.4, airTimeMs=514.0, airTimeSeconds=0.514, plusMinusCm=2.9
)
_REP = Rep(
    index=1,
    startMs=480,
    endMs=2630,
    durationMs=2150,
    formScore=91.5,
    grade="A",
    counted=True,
    referenceScore=ReferenceScore(
        overallScore=0.88, poseScore=0.9, timingScore=0.84, movementScore=0.89, grade="B"
    ),
    criteria=(
        CriterionScore(
            name="range",
            judged=True,
            unit="share",
            value=0.93,
            score=96.8,
            joints=("hip", "knee"),
            atMs=1480,
        ),
        CriterionScore(name="knees_in", judged=False, unit="ratio"),
    ),
)

EXAMPLES: dict[str, Message] = {
    "initialization": Initialization(
        message="Your video is processing, please stay on this page (35%)",
        ready=False,
        source="video",
        progress=0.35,
    ),
    "environment": EnvironmentMessage(
        poseBackend="wasm",
        webgl=False,
        executionProvider="CPUExecutionProvider",
        device="cpu",
        model="nanodet_person+movenet_thunder",
    ),
    "error": ErrorMessage(
        code=ErrorCode.INVALID_EXERCISE,
        message="Exercise 'moonwalk' is not available",
        details={"exercise": "moonwalk"},
    ),
    "posture": Posture(
        message="Step back until your whole body is in the picture",
        direction="backward",
        ready=False,
        requirements=("left_ankle", "right_ankle"),
    ),
    "counter": Counter(current_count=1, form_score=_FORM, timestampMs=2630),
    "form_score": FormScoreMessage(score=84, avg_score=88.2, grade="B", current_count=1),
    "progression": Progression(value=42, current_count=1),
    "recommendations": Recommendations(data=("Go a little deeper.",), codes=("squat_deeper",)),
    "keypoints": Keypoints(timestampMs=33.4, frameId=1, score=0.9, keypoints=_JOINTS),
    "angles": Angles(timestampMs=33.4, frameId=1, data=JointAngles(_SIDE, _SIDE)),
    "exercise_summary": ExerciseSummary(
        exercise="squat",
        counter=1,
        avg_rep_score=91.5,
        avg_similarity=None,
        grade="A",
        durationMs=12170,
        history=(_REP,),
        people=1,
        warnings=("low_frame_rate",),
    ),
    "keypoints_batch": KeypointsBatch(
        fps=30,
        frames=(PoseSample(timestampMs=33.4, frameId=1, score=0.9, keypoints=_JOINTS),),
    ),
    "export_ready": ExportReady(
        url="https://storage.example/exports/video.mp4?X-Amz-Signature=0f",
        mimeType="video/mp4",
        kind="video",
        bytes=1048576,
        expiresAt="2026-11-23T12:00:00Z",
    ),
    "image_overlay": ImageOverlay(dataUrl="data:image/jpeg;base64,/9j/4AAQSkZJRg=="),
    "jump_calibration": JumpCalibration(
        calibrated=True,
        cmPerPixel=0.21,
        baselineY=612.5,
        visibleHips=_HIPS,
        message="Calibrated",
    ),
    "jump_started": JumpStarted(message="Jump started", timestampMs=3443),
    "jump_height": JumpHeight(
        jumpHeightCm=32.4,
        measuring=False,
        landed=True,
        final=True,
        baselineY=612.5,
        minY=458.2,
        deltaPixels=154.3,
        sideUsed="both",
        airTimeMs=514,
        airTimeSeconds=0.514,
        visibleHips=_HIPS,
        jumpNumber=1,
        plusMinusCm=2.9,
    ),
    "jump_discarded": JumpDiscarded(
        reason="tracking_lost", userMessage="You left the picture during the jump."
    ),
    "jump_summary": JumpSummary(
        totalJumps=1,
        avgJumpHeight=32.4,
        maxJumpHeight=32.4,
        minJumpHeight=32.4,
        avgAirTimeSeconds=0.514,
        jumps=(_JUMP,),
    ),
    "done": Done(status="succeeded", messages=412),
}
"""Examples by `type`; a test fails for a type without one."""
