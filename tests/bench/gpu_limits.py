"""What bounds a job on a GPU: decoding alone, the model calls alone; and whether poses differ.

`python -m tests.bench.gpu_limits decode|calls|difference CLIP FRAMES` makes everything ready, says
`ready`, waits for a line and prints JSON, so that several can run at the same time. Settings come
from the environment.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench.keypoints import oks
from worker.media.decoding import nvdec
from worker.media.decoding.video import Frame, decode
from worker.media.probing.probe import probe
from worker.observability.metrics import GPU_FALLBACKS, MetricSpec, listening
from worker.pipeline.frame_chunks import grouped
from worker.pose.engine import MAX_SIDE, PoseEngine
from worker.pose.geometry.boxes import area
from worker.pose.inference.session import Session
from worker.pose.tracking.box_interpolation import keyframes
from worker.runtime.model_loading import engine as engine_of_settings
from worker.settings import settings

MODULE = "tests.bench.gpu_limits"
SEEN = 0.3
"""Score from which a joint is compared: what nobody sees lies anywhere."""


@dataclass(frozen=True)
class Done:
    """Frames a second, and what did them in truth."""

    rate: float
    by: str


def together(kind: str, clip: Path, given: Mapping[str, str], frames: int, count: int) -> Done:
    """`count` processes that begin at the same moment, with the settings `given`."""
    command = [sys.executable, "-m", MODULE, kind, str(clip), str(frames)]
    pipe, environment = subprocess.PIPE, {**os.environ, **given}
    children = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        for _ in range(count)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            if child.stdout.readline() != "ready\n":
                raise RuntimeError(f"{kind} ended with {child.wait()}")
        began = time.monotonic()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        done = [json.loads(child.communicate()[0].splitlines()[-1]) for child in children]
        seconds = time.monotonic() - began
        by = " and ".join(sorted({one["by"] for one in done}))
        return Done(float(sum(one["frames"] for one in done) / seconds), by)
    finally:
        for child in children:
            child.kill()
            child.wait()


def difference(clip: Path, given: Mapping[str, str], frames: int) -> dict[str, Any]:
    """Model, frames, greatest distance in pixels and OKS of the poses against those of the CPU."""
    command = [sys.executable, "-m", MODULE, "difference", str(clip), str(frames)]
    environment = {**os.environ, **given}
    done = subprocess.run(
        command, input="\n", stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _frames(clip: Path, most: int) -> list[Frame]:
    with decode(clip, probe(clip), max_side=MAX_SIDE) as reader:
        return list(itertools.islice(reader, most))


def _decode(clip: Path, most: int) -> Callable[[], dict[str, Any]]:
    media = probe(clip)
    gpu = (
        settings().provider != "cpu"
        and nvdec.unavailable_reason() is None
        and nvdec.is_supported(media)
    )
    fallen: list[tuple[str, ...]] = []

    def hear(measure: MetricSpec, _value: float, labels: tuple[str, ...]) -> None:
        if measure is GPU_FALLBACKS:
            fallen.append(labels)

    def run() -> dict[str, Any]:
        with listening(hear), decode(clip, media, max_side=MAX_SIDE, gpu=gpu) as reader:
            count = sum(1 for _ in itertools.islice(reader, most))
        return {"frames": count, "by": "NVDEC" if gpu and not fallen else "software"}

    return run


def _calls(clip: Path, most: int) -> Callable[[], dict[str, Any]]:
    engine, frames = engine_of_settings(), _frames(clip, most)
    by = f"{engine.environment.execution_provider.removesuffix('ExecutionProvider')}, "
    by += f"`{engine.environment.model}`"
    calls: list[tuple[Session, NDArray[Any]]] = []
    inner = Session.run

    def kept(session: Session, image: NDArray[Any]) -> list[NDArray[Any]]:
        calls.append((session, image))
        return inner(session, image)

    Session.run = kept  # type: ignore[method-assign]
    _poses(engine, frames)
    Session.run = inner  # type: ignore[method-assign]

    def run() -> dict[str, Any]:
        for session, image in calls:
            session.run(image)
        return {"frames": len(frames), "by": by}

    run()  # the first call of each shape costs more
    return run


def _difference(clip: Path, most: int) -> Callable[[], dict[str, Any]]:
    engine = engine_of_settings()
    model = engine.environment.model
    # a network in float16 is compared with the one it was made of
    plain = PoseEngine(_models(), "cpu", 1, model=model.replace("_fp16", ""))
    frames = _frames(clip, most)

    def run() -> dict[str, Any]:
        height, width = frames[0].image.shape[:2]
        ours, boxes = _poses(engine, frames)
        found = compared(ours, _poses(plain, frames)[0], boxes, width, height)
        return {"model": model, "frames": len(frames), **found}

    return run


def compared(
    ours: NDArray[np.float32],
    theirs: NDArray[np.float32],
    boxes: NDArray[np.float32],
    width: int,
    height: int,
) -> dict[str, float]:
    """Poses [n, 17, 3] against others of the same frames, boxes [n, 4], all as 0-1 of the picture:
    the greatest distance of a joint in pixels, mean and least OKS."""
    scale = np.array([width, height], np.float32)
    farthest, likeness = 0.0, list[float]()
    for pose, other, box in zip(ours, theirs, boxes, strict=True):
        # a joint that only one of them sees is compared too
        seen = np.maximum(pose[:, 2], other[:, 2]) >= SEEN
        if not seen.any():
            continue
        mine, its = pose[:, :2] * scale, other[:, :2] * scale
        farthest = max(farthest, float(np.linalg.norm(mine - its, axis=1)[seen].max()))
        # a person fills about half of its box (COCO's segments)
        size = float(area(box * np.tile(scale, 2))) / 2
        likeness.append(oks(mine, its, size, seen))
    if not likeness:
        raise SystemExit("nobody was seen: nothing can be compared")
    return {"pixels": farthest, "mean": float(np.mean(likeness)), "least": min(likeness)}


def _poses(
    engine: PoseEngine, frames: list[Frame]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Keypoints [n, 17, 3] and boxes [n, 4] as 0-1 of the picture."""
    state: dict[str, Any] = {}
    found = []
    for number, chunk in enumerate(grouped(iter(frames))):
        keys = keyframes(chunk.times_us)
        found.append(
            engine.estimate(number, chunk.first, chunk.times_us, chunk.images, state, keys)
        )
        state = found[-1].state
    return (
        np.concatenate([one.keypoints for one in found]),
        np.concatenate([one.boxes for one in found]),
    )


def _models() -> Path:
    return settings().models


KINDS = {"decode": _decode, "calls": _calls, "difference": _difference}


def main(kind: str, clip: str, frames: str) -> None:
    """Gets ready, waits, runs, tells."""
    run = KINDS[kind](Path(clip), int(frames))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(run()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
