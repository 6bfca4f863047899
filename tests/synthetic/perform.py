"""A performance: reps with a tempo, seen by a camera, with a detector's faults, and its truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.synthetic.moves import MOVES
from tests.synthetic.skeleton import Floats, Joints
from worker.contract.keypoints import COCO_NAMES
from worker.contract.media import MediaInfo
from worker.contract.poses import Environment, LogHead, PoseChunk, quantised


@dataclass(frozen=True)
class Camera:
    """`yaw` degrees: 0 sees the subject's front, 90 the left side; metres; focal in widths;
    `pitch` degrees: positive looks up.
    """

    yaw: float = 0.0
    distance: float = 4.0
    height: float = 1.0
    focal: float = 0.9
    pitch: float = 0.0
    width: int = 1280
    frame_height: int = 720


@dataclass(frozen=True)
class Script:
    """What to perform. Depths are 0-1 by rep, `seconds` out, hold, back, rest of each rep.

    `lopsided` takes that share of depth from the right side; `noise` is metres (standard
    deviation) of each joint; `dropout` the share of frames without a person; `jerk` adds a
    tremor of that depth; `alternate` moves the sides in turn.
    """

    move: str = "squat"
    depths: tuple[float, ...] = (1.0, 1.0, 1.0)
    seconds: tuple[float, float, float, float] = (0.9, 0.1, 0.8, 0.5)
    lead: float = 1.0
    fps: float = 30.0
    lopsided: float = 0.0
    noise: float = 0.0
    dropout: float = 0.0
    jerk: float = 0.0
    alternate: bool = False
    uneven: float = 0.0
    seed: int = 0
    camera: Camera = Camera()


def ease(share: Floats) -> Floats:
    """Minimum-jerk course 0-1 (Flash and Hogan 1985)."""
    share = np.clip(share, 0, 1)
    course: Floats = share**3 * (10 - 15 * share + 6 * share**2)
    return course


def _course(script: Script, seconds: Floats) -> tuple[Floats, Floats]:
    """Depth of the left and the right side at each time."""
    sides = np.zeros((2, len(seconds)))
    out, hold, back, rest = script.seconds
    start = script.lead
    for number, depth in enumerate(script.depths):
        local = seconds - start
        one = depth * (ease(local / out) - ease((local - out - hold) / back))
        for side in (0, 1):
            if not script.alternate or number % 2 == side:
                sides[side] += one
        start += out + hold + back + rest
    tremor = script.jerk * np.sin(2 * np.pi * 3.0 * seconds) * (sides.max(axis=0) > 0.05)
    left = sides[0] + tremor
    right = sides[1] * (1 - script.lopsided) + tremor
    return left, right


def duration(script: Script) -> float:
    """Seconds of the whole performance."""
    return script.lead + max(script.lead, 1.0) + len(script.depths) * sum(script.seconds)


def project(joints: Joints, camera: Camera) -> Floats:
    """Joints [n, 17, 2] as 0-1 of the frame."""
    points = np.stack([joints[name] for name in COCO_NAMES], axis=1)
    centre = points[:, :, :2].reshape(-1, 2).mean(axis=0)
    yaw = np.radians(camera.yaw)
    x, y = points[..., 0] - centre[0], points[..., 1] - centre[1]
    across = x * np.cos(yaw) - y * np.sin(yaw)
    level = camera.distance - (x * np.sin(yaw) + y * np.cos(yaw))
    below = camera.height - points[..., 2]
    pitch = np.radians(camera.pitch)
    depth = level * np.cos(pitch) - below * np.sin(pitch)
    down = below * np.cos(pitch) + level * np.sin(pitch)
    scale = camera.focal / depth
    u = 0.5 + across * scale
    v = 0.5 + down * scale * camera.width / camera.frame_height
    return np.stack((u, v), axis=-1)


def times_of(script: Script) -> Floats:
    """Frame times in seconds; `uneven` shifts each by up to that share of a frame."""
    return frame_times(duration(script), script)


def frame_times(length: float, script: Script) -> Floats:
    """Frame times of `length` seconds at the script's rate and unevenness."""
    count = int(length * script.fps)
    random = np.random.default_rng(script.seed + 1)
    shift = script.uneven * random.uniform(-0.5, 0.5, count)
    shift[0] = 0.0
    return (np.arange(count) + shift) / script.fps


def perform(script: Script) -> tuple[LogHead, PoseChunk]:
    """The pose log of a performance, in one chunk."""
    seconds = times_of(script)
    joints = MOVES[script.move](*_course(script, seconds))
    return film(joints, seconds, duration(script), script)


def film(
    joints: Joints, seconds: Floats, length: float, script: Script
) -> tuple[LogHead, PoseChunk]:
    """The pose log of joints at frame times, with the script's camera and faults."""
    camera = script.camera
    random = np.random.default_rng(script.seed)
    if script.noise:
        joints = {n: p + random.normal(0, script.noise, p.shape) for n, p in joints.items()}
    places = project(joints, camera)
    scores = np.full((*places.shape[:2], 1), 0.85)
    far = "left" if camera.yaw < -50 else "right" if camera.yaw > 50 else None
    if far:
        scores[:, [name.startswith(far) for name in COCO_NAMES]] = 0.5
    scores = np.clip(scores + random.normal(0, 0.05, scores.shape), 0.05, 1)
    keypoints = np.concatenate((places, scores), axis=-1)
    keypoints[random.random(len(seconds)) < script.dropout] = 0.0
    times_us = np.round(seconds * 1e6).astype(np.int64)
    media = MediaInfo(
        kind="video", duration_ms=1000 * length, width=camera.width,
        height=camera.frame_height, fps=script.fps,
    )  # fmt: skip
    environment = Environment(
        execution_provider="CPUExecutionProvider", device="cpu", model="athlete", gpu=False
    )
    chunk = PoseChunk(
        index=0, first=0, times_us=times_us, keypoints=keypoints.astype(np.float32),
        boxes=np.zeros((len(seconds), 4), np.float32),
    )  # fmt: skip
    return LogHead(media=media, environment=environment), quantised(chunk)


def split(chunk: PoseChunk, sizes: list[int]) -> list[PoseChunk]:
    """The same frames in chunks of `sizes`, the last taking what is left."""
    chunks: list[PoseChunk] = []
    start = 0
    for index, size in enumerate([*sizes, len(chunk)]):
        stop = min(start + size, len(chunk))
        if stop == start:
            break
        chunks.append(
            replace(
                chunk, index=index, first=start, times_us=chunk.times_us[start:stop],
                keypoints=chunk.keypoints[start:stop], boxes=chunk.boxes[start:stop],
            )
        )  # fmt: skip
        start = stop
    return chunks
