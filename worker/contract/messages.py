"""The messages of a job in canonical (V3) form, and their encoding as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, cast, get_args

import msgspec

from worker.contract.errors import DecodeError, ErrorCode
from worker.contract.grades import Grade
from worker.contract.jump_messages import (
    JumpCalibration,
    JumpDiscarded,
    JumpHeight,
    JumpStarted,
    JumpSummary,
)
from worker.contract.media import AudioLoss, Source, WarningCode
from worker.contract.message_parts import (
    Base,
    FormScore,
    JointAngles,
    Keypoint,
    PoseSample,
    Recognised,
    ReferenceScore,
    Rep,
    World,
)
from worker.contract.spooled_list import SpooledList, encoded

Direction = Literal[
    "in-frame", "face-camera", "profile-camera", "left", "right", "forward", "backward"
]
FinalStatus = Literal["succeeded", "failed", "canceled"]


class Initialization(Base, tag="initialization", frozen=True):
    """Loading, then `ready`; `progress` is the share of the media that is analysed, 0-1."""

    message: str
    ready: bool
    source: Source
    progress: float | None = None


class EnvironmentMessage(Base, tag="environment", frozen=True):
    """What the models run on: `webgl` means inference on a GPU, `wasm` on a CPU; `warnings` are
    codes of wishes that could not be met."""

    poseBackend: Literal["webgl", "wasm"]
    webgl: bool
    executionProvider: str
    device: str
    model: str
    warnings: tuple[ErrorCode, ...] | None = None


class ErrorMessage(Base, tag="error", frozen=True):
    """A failure; it ends the job unless its code is one of the warnings."""

    code: ErrorCode
    message: str
    details: dict[str, Any] | None = None


class Posture(Base, tag="posture", frozen=True):
    """Guidance on where to stand; `requirements` names what is still missing."""

    message: str
    direction: Direction
    ready: bool
    requirements: tuple[str, ...]


class Counter(Base, tag="counter", frozen=True):
    """Reps, or whole seconds held, so far; once more with `final` at the end."""

    current_count: int
    final: bool = False
    form_score: FormScore | None = None
    reference_score: ReferenceScore | None = None
    timestampMs: float | None = None


class FormScoreMessage(Base, tag="form_score", frozen=True):
    """Form score, 0-100, while a rep is in progress; `counter.form_score` is authoritative."""

    score: float
    avg_score: float
    grade: Grade
    current_count: int | None = None


class Progression(Base, tag="progression", frozen=True):
    """Progress within the current rep or hold, 0-100."""

    value: float
    current_count: int | None = None


class Recommendations(Base, tag="recommendations", frozen=True):
    """The current advice: sentences and their stable codes, in the same order."""

    data: tuple[str, ...]
    codes: tuple[str, ...]


class Keypoints(Base, tag="keypoints", frozen=True, gc=False):
    """The pose of one frame."""

    timestampMs: float
    frameId: int
    score: float
    keypoints: tuple[Keypoint, ...]
    world: World | None = None


class Angles(Base, tag="angles", frozen=True, gc=False):
    """The joint angles of one frame."""

    timestampMs: float
    frameId: int
    data: JointAngles


class ExerciseSummary(Base, tag="exercise_summary", frozen=True):
    """The whole exercise: totals and every attempted rep; `exercise` is empty where none was asked
    for, `people` the most that were seen at once, `recognised` what `exercise=auto` saw, the
    likeliest first."""

    exercise: str
    counter: int
    avg_rep_score: float
    avg_similarity: float | None
    grade: Grade | None
    durationMs: float
    history: tuple[Rep, ...]
    # always sent, for clients index them: a default that is made anew each time is not left out
    people: int = msgspec.field(default_factory=int)
    warnings: tuple[WarningCode, ...] = msgspec.field(default_factory=lambda: ())
    recognised: tuple[Recognised, ...] = ()


class KeypointsBatch(Base, tag="keypoints_batch", frozen=True):
    """All poses of a video, sampled at `fps`; a claim check has no `frames` but `url` and
    `bytes`."""

    fps: float
    frames: tuple[PoseSample, ...] | None = None
    url: str | None = None
    bytes: int | None = None


class ExportReady(Base, tag="export_ready", frozen=True):
    """A finished export behind a presigned GET URL; `audio` is false where it lacks the source's
    sound, and `audioLoss` says why."""

    url: str
    mimeType: str
    kind: str
    bytes: int
    expiresAt: str
    audio: bool | None = None
    audioLoss: AudioLoss | None = None


class ImageOverlay(Base, tag="image_overlay", frozen=True):
    """The image with its overlay; a claim check has no `dataUrl` but `url` and `bytes`."""

    dataUrl: str | None = None
    url: str | None = None
    bytes: int | None = None


class Done(Base, tag="done", frozen=True):
    """The end of the stream; `messages` is the number of messages before it."""

    status: FinalStatus
    messages: int
    error: dict[str, Any] | None = None


Message = (
    Initialization
    | EnvironmentMessage
    | ErrorMessage
    | Posture
    | Counter
    | FormScoreMessage
    | Progression
    | Recommendations
    | Keypoints
    | Angles
    | ExerciseSummary
    | KeypointsBatch
    | ExportReady
    | ImageOverlay
    | JumpCalibration
    | JumpStarted
    | JumpHeight
    | JumpDiscarded
    | JumpSummary
    | Done
)

TYPES: dict[str, type[Base]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Message)}
"""The message classes by `type`."""

PER_FRAME = frozenset({"keypoints", "angles", "progression", "form_score"})
"""Types that can come once per frame; the firehose has them only if a job asks for them."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A message and its id in the stream: `<frame+1>-<n>`, n from 1 within the frame."""

    id: str
    message: Message


_encoder = msgspec.json.Encoder(enc_hook=encoded)
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def type_of(message: Message) -> str:
    """The `type` of a message."""
    return str(message.__struct_config__.tag)


def encode(message: Message) -> bytes:
    """A message as JSON."""
    return _encoder.encode(message)


def spooled_batch(fps: float, frames: SpooledList[PoseSample]) -> KeypointsBatch:
    """A `keypoints_batch` whose frames are stored in a file."""
    return KeypointsBatch(fps=fps, frames=cast("tuple[PoseSample, ...]", frames))


def encoded_size(message: Message) -> int:
    """Size of a message as JSON, in bytes."""
    frames = _spooled(message)
    if frames is None:
        return len(encode(message))
    return len(_shell(message)) - 2 + frames.bytes


def encoded_pieces(message: Message) -> Iterator[bytes]:
    """A message as JSON, in pieces; a spooled batch is never in memory as a whole."""
    frames = _spooled(message)
    if frames is None:
        yield encode(message)
        return
    before, _, after = _shell(message).rpartition(b"[]")
    yield before
    yield from frames.pieces()
    yield after


def _spooled(message: Message) -> SpooledList[PoseSample] | None:
    frames: object = message.frames if isinstance(message, KeypointsBatch) else None
    return frames if isinstance(frames, SpooledList) else None


def _shell(message: Message) -> bytes:
    return encode(msgspec.structs.replace(message, frames=()))


def decode(data: bytes | str) -> Message:
    """Decodes a message; raises DecodeError for anything else."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise DecodeError(f"not a message: {error}") from error


def entry_key(entry_id: str) -> tuple[int, int]:
    """An entry id as a pair that sorts in the order of the stream; raises DecodeError."""
    head, _, tail = entry_id.partition("-")
    try:
        return int(head), int(tail or 0)
    except ValueError as error:
        raise DecodeError(f"not an entry id: {entry_id!r}") from error
