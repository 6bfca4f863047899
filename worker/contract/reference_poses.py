"""Encoding of a reference movement: the limbs of one rep, without pictures or body size.

A reference's id names these bytes for ever: a job's messages are a function of its pose log, its
options and them.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import DecodeError

VERSION = 1
POINTS = 40
"""Samples of a rep, at equal intervals of its time."""

LIMBS: tuple[tuple[int, int, float], ...] = (
    (5, 7, 0.186), (6, 8, 0.186),
    (7, 9, 0.146), (8, 10, 0.146),
    (5, 11, 0.288), (6, 12, 0.288),
    (11, 13, 0.245), (12, 14, 0.245),
    (13, 15, 0.246), (14, 16, 0.246),
)  # fmt: skip
"""COCO indices of each limb's ends, left and right alternating, and its length as a share of body
height: upper arm, forearm, side of the trunk, thigh, shank (Winter 2009, fig. 4.1)."""

# Limbs are 0-1 long, a little more where perspective makes them look so.
_SCALE = 8192.0
_HEADER = struct.Struct("<4sBI")
_MAGIC = b"PQRF"


@dataclass(frozen=True)
class ReferencePoses:
    """One rep from start pose to start pose, of `exercise` where that was recognised.

    `name` is shown in summaries; `limbs` float32 [POINTS, 10, 2] are vectors in the order of LIMBS,
    x to the right and y down, of length 1 for a limb parallel to the picture; `seen` float32
    [POINTS, 10] is how well each limb was seen, 0-1.
    """

    name: str
    duration_ms: float
    limbs: NDArray[np.float32]
    seen: NDArray[np.float32]
    exercise: str | None = None


class _Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    duration_ms: float
    exercise: str | None = None


def encode_reference(poses: ReferencePoses) -> bytes:
    """Encodes a reference; about 2 kB."""
    head = msgspec.json.encode(
        _Head(name=poses.name, duration_ms=poses.duration_ms, exercise=poses.exercise)
    )
    limbs = np.clip(np.rint(poses.limbs.astype(np.float64) * _SCALE), -32768, 32767).astype("<i2")
    seen = np.clip(np.rint(poses.seen.astype(np.float64) * 255), 0, 255).astype("<u1")
    body = zlib.compress(limbs.tobytes() + seen.tobytes(), 9)
    return _HEADER.pack(_MAGIC, VERSION, len(head)) + head + body


def decode_reference(data: bytes) -> ReferencePoses:
    """Decodes a reference; raises DecodeError for broken bytes or another version."""
    count = POINTS * len(LIMBS)
    try:
        magic, version, size = _HEADER.unpack_from(data)
        if magic != _MAGIC or version != VERSION:
            raise DecodeError(f"not a reference of version {VERSION}")
        place = _HEADER.size + size
        head = msgspec.json.decode(data[_HEADER.size : place], type=_Head)
        body = zlib.decompress(data[place:])
        limbs = np.frombuffer(body, "<i2", count * 2)
        seen = np.frombuffer(body, "<u1", count, limbs.nbytes)
    except (struct.error, zlib.error, ValueError, msgspec.MsgspecError) as error:
        raise DecodeError(f"broken reference: {error}") from error
    return ReferencePoses(
        name=head.name,
        duration_ms=head.duration_ms,
        limbs=(limbs / _SCALE).astype(np.float32).reshape(POINTS, len(LIMBS), 2),
        seen=(seen / 255).astype(np.float32).reshape(POINTS, len(LIMBS)),
        exercise=head.exercise,
    )
