"""Poses of a job as files for other programs: JSON lines and Parquet, a chunk at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from worker.contract.keypoints import COUNT
from worker.contract.landmarks import names_of
from worker.contract.message_parts import PoseSample
from worker.contract.poses import PLANE, SPATIAL, LogHead, PoseChunk
from worker.exports.pose_log import Log, read_log
from worker.motion.frames.smoothing import has_person
from worker.motion.pose_messages import samples_of

_AXES = ("x", "y", "score")
_SPATIAL_AXES = ("z", "world_x", "world_y", "world_z")


def write_lines(log: Log, out: Path) -> None:
    """Writes one line of JSON for each frame with a person, as a frame of `keypoints_batch`."""
    _, chunks = read_log(log)
    encoder = msgspec.json.Encoder()
    with out.open("wb") as file:
        for chunk in chunks:
            lines = encoder.encode_lines(_samples(chunk))
            file.write(lines)


def _samples(chunk: PoseChunk) -> list[PoseSample]:
    rows = np.flatnonzero(has_person(chunk.keypoints))
    frames, times = (chunk.first + rows).tolist(), chunk.times_us[rows].tolist()
    return samples_of(frames, times, chunk.keypoints[rows])


def write_parquet(log: Log, out: Path) -> None:
    """Writes a table with one row per analysed frame, joints null where nobody was found.

    Columns: `frame_id`, `timestamp_us`, `score`, then `<joint>_x`, `_y` (0-1 of the upright frame),
    `_score`, and from models with depth `_z` (in widths of the frame) and `_world_x`, `_y`, `_z`
    (m). The file's metadata has size, rate and model under `posequeue`.
    """
    import pyarrow.parquet as parquet  # takes 0.3 s to import, and few processes need it

    head, chunks = read_log(log)
    schema = _schema(head)
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for chunk in chunks:
            writer.write_batch(_batch(schema, chunk))


def _columns(head: LogHead, *, spatial: bool) -> list[str]:
    axes = (*_AXES, *_SPATIAL_AXES) if spatial else _AXES
    return [f"{name}_{axis}" for name in names_of(head.keypoints) for axis in axes]


def _schema(head: LogHead) -> Any:
    import pyarrow as pa

    media = head.media
    about = {
        "width": media.width,
        "height": media.height,
        "fps": media.fps,
        "durationMs": media.duration_ms,
        "model": head.environment.model,
    }
    fixed = [
        pa.field("frame_id", pa.int64(), nullable=False),
        pa.field("timestamp_us", pa.int64(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
    ]
    columns = _columns(head, spatial=head.keypoints != COUNT)
    joints = [pa.field(name, pa.float32()) for name in columns]
    return pa.schema([*fixed, *joints], {"posequeue": msgspec.json.encode(about)})


def _batch(schema: Any, chunk: PoseChunk) -> Any:
    import pyarrow as pa

    count, points, values = chunk.keypoints.shape
    order = (0, 1, 2) if values == PLANE else (0, 1, 2, *range(PLANE, SPATIAL))
    table = np.ascontiguousarray(chunk.keypoints[..., order].reshape(count, points * len(order)).T)
    nobody = ~has_person(chunk.keypoints)
    fixed = [
        pa.array(np.arange(chunk.first, chunk.first + count)),
        pa.array(chunk.times_us),
        pa.array(chunk.scores),
    ]
    joints = [pa.array(column, pa.float32(), mask=nobody) for column in table]
    return pa.record_batch([*fixed, *joints], schema=schema)
