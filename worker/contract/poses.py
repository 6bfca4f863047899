"""Encoding of pose logs: poses are quantised once, before anything reads them.

A log is one `LogHead` and numbered chunks. Every message of a job is a function of its log and its
options, so resumed, repeated and parallel analyses agree on these bytes.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import DecodeError
from worker.contract.keypoints import COCO_NAMES, COUNT
from worker.contract.landmarks import COCO_PLACES, names_of
from worker.contract.media import MediaInfo

VERSION = 1
SPATIAL_VERSION = 2
"""Version of chunks with depth; those without are written as version 1, for older workers."""
PLANE, SPATIAL = 3, 7
"""Values of a joint: x, y, score; with depth also z and its position x, y, z in metres."""
CHUNK_SECONDS = 2.0
"""Media seconds of a chunk: the most that a lost worker loses, and the interval of commits."""

PEOPLE = "people"
"""Key of a chunk's state: the most people that were seen at once."""
TURN = "turn"
"""Key of a chunk's state: the quarter turns, clockwise, by which a sideways or upside-down picture
was turned for estimation; its joints are those of the picture as it is stored."""

DAMAGED = "damaged"
"""Key of a chunk's state: some of the file up to here could not be decoded."""

# Steps of 1/32768 over [-0.5, 1.5): under a tenth of a pixel on a 2160p frame.
_SCALE = 32768.0
_OFFSET = 0.5
# Steps of 1/8192 over [-4, 4): an eighth of a millimetre, and under a pixel of depth at 2160p.
_SPATIAL_SCALE = 8192.0
_HEADER = struct.Struct("<4sBIIII")
_MAGIC = b"PQPC"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Hardware and models of a job's first attempt; later attempts repeat these."""

    execution_provider: str
    device: str
    model: str
    gpu: bool
    fallback: bool = False


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How many frames a second are estimated, and, where it is given, how many of `quick`
    movement."""

    fps: float
    quick: float | None = None


class LogHead(msgspec.Struct, frozen=True, kw_only=True):
    """Head of a pose log. `segment_s` is the media seconds of its segments, 0 where it has none;
    `sampling` None stands for every frame."""

    media: MediaInfo
    environment: Environment
    keypoints: int = COUNT
    segment_s: float = 0.0
    sampling: Sampling | None = None
    version: int = VERSION


@dataclass(frozen=True)
class PoseChunk:
    """Poses of one subject in consecutive frames.

    `first` is the frame index of row 0; `times_us` int64 [n] microseconds from the start;
    `keypoints` float32 [n, k, 3] of x, y (0-1 of the upright frame, a little beyond for joints
    outside it) and score (0-1), zeros where nobody was found. From models with depth they are [n,
    k, 7]: then also z (in widths of the frame, 0 at the middle of the hips, smaller is nearer) and
    x, y, z in metres from there. `boxes` float32 [n, 4] are x0, y0, x1, y1 (0-1 of the frame),
    zeros for none; `state` is what the estimator needs to go on.
    """

    index: int
    first: int
    times_us: NDArray[np.int64]
    keypoints: NDArray[np.float32]
    boxes: NDArray[np.float32]
    state: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times_us)

    @property
    def scores(self) -> NDArray[np.float32]:
        """Mean keypoint score of each frame, float32 [n]; 0 where nobody was found."""
        means: NDArray[np.float32] = self.keypoints[..., 2].mean(axis=1, dtype=np.float32)
        return means


def coco_joints(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 17 COCO joints [n, 17, 3] of [n, 17 or 33, 3 or more]; raises ValueError for other
    counts."""
    if names_of(joints.shape[1]) is COCO_NAMES:
        return joints
    chosen: NDArray[np.float32] = joints[:, COCO_PLACES, :3]
    return chosen


def turned_joints(keypoints: NDArray[np.float32], quarters: int) -> NDArray[np.float32]:
    """Joints [n, k, 3] of x, y (0-1) and score in the picture turned clockwise by `quarters` of a
    circle; unseen joints stay zero."""
    joints = keypoints.copy()
    seen = keypoints[..., 2] > 0
    for _ in range(quarters % 4):
        x, y = joints[..., 0].copy(), joints[..., 1].copy()
        joints[..., 0], joints[..., 1] = np.where(seen, 1 - y, x), np.where(seen, x, y)
    return joints


def _quantise(values: NDArray[Any]) -> NDArray[np.uint16]:
    steps = np.rint((np.asarray(values, np.float64) + _OFFSET) * _SCALE)
    return np.clip(steps, 0, 65535).astype("<u2")


def _restore(steps: NDArray[np.uint16]) -> NDArray[np.float32]:
    return (steps.astype(np.float64) / _SCALE - _OFFSET).astype(np.float32)


def _quantise_spatial(values: NDArray[Any]) -> NDArray[np.int16]:
    steps = np.rint(np.asarray(values, np.float64) * _SPATIAL_SCALE)
    return np.clip(steps, -32768, 32767).astype("<i2")


def quantised(chunk: PoseChunk) -> PoseChunk:
    """The chunk with its values rounded as the log stores them."""
    return decode_chunk(encode_chunk(chunk))


def encode_chunk(chunk: PoseChunk) -> bytes:
    """A chunk as bytes: header, times, keypoints, boxes and state; about 60 bytes a pose.

    Raises ValueError for joints of other than 3 or 7 values.
    """
    count, points, values = chunk.keypoints.shape
    if values not in (PLANE, SPATIAL):
        raise ValueError(f"a joint has {PLANE} or {SPATIAL} values, not {values}")
    body = b"".join(
        (
            np.asarray(chunk.times_us, "<i8").tobytes(),
            _quantise(chunk.keypoints[..., :PLANE]).tobytes(),
            _quantise_spatial(chunk.keypoints[..., PLANE:]).tobytes(),
            _quantise(chunk.boxes).tobytes(),
            json.dumps(chunk.state, separators=(",", ":"), sort_keys=True).encode(),
        )
    )
    version = VERSION if values == PLANE else SPATIAL_VERSION
    head = _HEADER.pack(_MAGIC, version, chunk.index, chunk.first, count, points)
    return head + zlib.compress(body, 1)


def decode_chunk(data: bytes) -> PoseChunk:
    """Decodes a chunk; raises DecodeError for broken bytes or an unknown version."""
    try:
        magic, version, index, first, count, points = _HEADER.unpack_from(data)
        if magic != _MAGIC or version not in (VERSION, SPATIAL_VERSION):
            raise DecodeError(f"not a pose chunk of version {VERSION} or {SPATIAL_VERSION}")
        body = zlib.decompress(data[_HEADER.size :])
        times = np.frombuffer(body, "<i8", count)
        place = times.nbytes
        joints = np.frombuffer(body, "<u2", count * points * PLANE, place)
        place += joints.nbytes
        more = SPATIAL - PLANE if version == SPATIAL_VERSION else 0
        spatial = np.frombuffer(body, "<i2", count * points * more, place)
        place += spatial.nbytes
        boxes = np.frombuffer(body, "<u2", count * 4, place)
        state = json.loads(body[place + boxes.nbytes :])
    except (struct.error, zlib.error, ValueError) as error:
        raise DecodeError(f"broken pose chunk: {error}") from error
    return PoseChunk(
        index=index,
        first=first,
        times_us=times.astype(np.int64),
        keypoints=np.concatenate(
            (
                _restore(joints).reshape(count, points, PLANE),
                (spatial / np.float32(_SPATIAL_SCALE))
                .astype(np.float32)
                .reshape(count, points, more),
            ),
            axis=2,
        ),
        boxes=_restore(boxes).reshape(count, 4),
        state=state,
    )


def encode_head(head: LogHead) -> bytes:
    """Encodes a head as JSON."""
    return msgspec.json.encode(head)


def decode_head(data: bytes) -> LogHead:
    """Decodes a head; raises DecodeError."""
    try:
        return msgspec.json.decode(data, type=LogHead)
    except msgspec.MsgspecError as error:
        raise DecodeError(f"broken pose log head: {error}") from error
