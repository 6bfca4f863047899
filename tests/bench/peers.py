"""Our profiles beside MediaPipe's Python pose, level for level: the same frames, the same photos.

MediaPipe lives in a venv of its own under the data folder, as its numpy is not ours; its wheel has
the network of complexity 1 alone, the others come from the pinned npm package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import MODELS, ROOT
from tests.bench.context import Context
from tests.bench.keypoints import Photo, oks, photos
from tests.bench.report import Row, Section
from worker.media.decoding.video import Frame, decode
from worker.media.probing.probe import probe
from worker.pipeline.frame_chunks import grouped
from worker.pose.engine import MAX_SIDE, PoseEngine
from worker.pose.profiles import PROFILES
from worker.pose.tracking.box_interpolation import keyframes
from worker.pose.weights.package_sources import fetch, read_members
from worker.pose.weights.packages import MEDIAPIPE_POSE

VERSION = "0.10.21"
HOME = ROOT / ".posequeue" / "peers"
COCO_OF_33 = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
"""COCO's 17 among MediaPipe's 33 landmarks."""
MOST_FRAMES = 150
ROUNDS = 3


def installed() -> Path:
    """The Python that has MediaPipe with all its networks; makes it the first time."""
    python, done = HOME / "venv" / "bin" / "python", HOME / ".ready"
    if done.is_file():
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME / "venv")], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", f"mediapipe=={VERSION}"]
    subprocess.run(install, check=True)
    with tempfile.TemporaryDirectory(prefix="posequeue-peers-") as folder:
        wanted = [f"package/pose_landmark_{size}.tflite" for size in ("lite", "heavy")]
        archive = fetch(MEDIAPIPE_POSE, Path(folder))
        (home,) = (HOME / "venv").glob("lib/python*/site-packages/mediapipe/modules/pose_landmark")
        for name, data in read_members(MEDIAPIPE_POSE, archive, wanted).items():
            (home / name).write_bytes(data)
    done.touch()
    return python


def measure(context: Context) -> Section:
    """The section `peers`."""
    context.say("MediaPipe in its venv")
    python = installed()
    folder = context.scratch / "peers"
    folder.mkdir(exist_ok=True)
    media = probe(context.clip)
    frames = list(_first(decode(context.clip, media, max_side=MAX_SIDE)))
    np.save(folder / "frames.npy", np.stack([frame.image for frame in frames]))
    shared = Path(os.environ.get("POSEQUEUE_SHARED", ROOT.parent / "shared"))
    pictures = [p for p in photos(shared / "media" / "keypoints")[0] if len(p.people) == 1]
    kept: dict[str, Any] = {str(picture.id): picture.image for picture in pictures}
    np.savez(folder / "photos.npz", **kept)
    rates: dict[str, list[float]] = {}
    scores: dict[str, float] = {}
    engines = {profile: PoseEngine(MODELS, "cpu", 1, profile=profile) for profile in PROFILES}
    for turn in range(context.rounds(ROUNDS)):
        for level, (profile, engine) in enumerate(engines.items()):
            context.say(f"round {turn + 1}: {profile} and complexity {level}")
            said = _mediapipe(python, level, folder)
            rates.setdefault(f"c{level}", []).append(said["frames"] / said["cpu_s"])
            rates.setdefault(profile, []).append(_rate(engine, frames))
            if turn == 0:
                found = {p.id: said["photos"][str(p.id)] for p in pictures}
                scores[f"c{level}"] = _mean(pictures, found, COCO_OF_33)
                ours = {p.id: engine.estimate_image(p.image).keypoints[0] for p in pictures}
                scores[profile] = _mean(pictures, ours, list(range(17)))
    rows = tuple(_rows(rates, scores))
    notes = (
        f"The first {len(frames)} frames of the clip, {frames[0].image.shape[1]} px wide, decoded "
        f"before; {len(pictures)} photos of ../shared/media/keypoints with one labelled person, "
        "0 where a model finds nobody. MediaPipe in video mode as it ships (it uses threads; its "
        "CPU time is the process'), ours with the detector, one thread.",
    )
    return Section("peers", f"Beside MediaPipe {VERSION}, level for level", rows, notes)


def _first(frames: Iterator[Frame]) -> Iterator[Frame]:
    for number, frame in enumerate(frames):
        if number == MOST_FRAMES:
            return
        yield frame


def _mediapipe(python: Path, level: int, folder: Path) -> dict[str, Any]:
    script, out = Path(__file__).with_name("peers_mediapipe.py"), folder / f"said-{level}.json"
    command = [python, script, level, folder / "frames.npy", folder / "photos.npz", out]
    subprocess.run([str(part) for part in command], check=True, stderr=subprocess.DEVNULL)
    said: dict[str, Any] = json.loads(out.read_text())
    return said


def _rate(engine: PoseEngine, frames: list[Frame]) -> float:
    """Frames per CPU-second, detector and tracking included."""
    engine.estimate_image(frames[0].image)  # what is set up once is not measured
    began, state = time.process_time(), dict[str, Any]()
    for number, chunk in enumerate(grouped(iter(frames))):
        keys = keyframes(chunk.times_us)
        state = engine.estimate(
            number, chunk.first, chunk.times_us, chunk.images, state, keys
        ).state
    return len(frames) / (time.process_time() - began)


def _mean(pictures: list[Photo], found: dict[int, Any], joints: list[int]) -> float:
    values = []
    for picture in pictures:
        (person,), pose = picture.people, found[picture.id]
        true = np.array(person["keypoints"], float).reshape(17, 3)
        if pose is None:
            values.append(0.0)
            continue
        height, width = picture.image.shape[:2]
        places: NDArray[np.float64] = np.array(pose, float)[joints, :2] * (width, height)
        values.append(oks(places, true, person["area"], true[:, 2] > 0))
    return float(np.mean(values))


def _rows(rates: dict[str, list[float]], scores: dict[str, float]) -> Iterator[Row]:
    for level, profile in enumerate(PROFILES):
        theirs = f"c{level}"
        pairs = zip(rates[profile], rates[theirs], strict=True)
        ratio = float(np.median([ours / other for ours, other in pairs]))
        for name, label in ((profile, f"`{profile}`"), (theirs, f"MediaPipe, complexity {level}")):
            runs = rates[name]
            yield Row(
                label,
                f"{np.median(runs):.1f} frames/CPU-s, mean OKS {scores[name]:.3f}",
                f"{min(runs):.1f} - {max(runs):.1f}",
                str(len(runs)),
            )
        gain = scores[profile] - scores[theirs]
        yield Row("· ours over theirs", f"{ratio:.2f} x, {gain:+.3f}", "", "", "> 1, > 0")
