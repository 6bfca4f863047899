"""Keypoints of annotated photos: COCO's average precision and mean OKS, by pycocotools.

Everybody in a picture: boxes of the detector above its threshold, a pose a box, the pose's score
the box's times the mean of its joints'. The plain pair is NanoDet at 416 px and Thunder on masked
crops as wide as on video; a profile looks with the detector at two sizes, crops as for stills and
drops what repeats a better pose (OKS above SAME_POSE; Papandreou et al. 2017, OKS-based NMS).
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import MODELS
from worker.contract.keypoints import OKS_SIGMAS
from worker.pose.detectors.nanodet import Detections, PersonDetector
from worker.pose.estimators.movenet import CROP, STILL_CROP
from worker.pose.geometry.boxes import area
from worker.pose.interfaces import JointEstimator
from worker.pose.model_factory import joint_estimator, open_model
from worker.pose.profiles import PROFILES, ModelName, model_of

SETS = (("coco_val.json", "coco_val"), ("mmpose_coco/test_coco.json", "mmpose_coco"))
SAME_POSE = 0.7
SIGMAS = np.array(OKS_SIGMAS)


@dataclass(frozen=True)
class Photo:
    """An annotated picture, uint8 RGB; `people` are its labelled annotations."""

    id: int
    image: NDArray[np.uint8]
    people: list[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """A pose [17, 3] in pixels of a photo, its box [4] and its score."""

    photo: int
    pose: NDArray[np.float32]
    box: NDArray[np.float32]
    score: float


@dataclass(frozen=True)
class Figures:
    """Per cent but for the OKS: of each annotated person's best pose, and of pictures of one."""

    name: str
    ap: float
    ap50: float
    ar: float
    oks: float
    oks_alone: float


def photos(folder: Path) -> tuple[list[Photo], dict[str, Any]]:
    """The pictures under `folder`, and all annotations in COCO's form."""
    found: list[Photo] = []
    rows: list[dict[str, Any]] = []
    for name, pictures in SETS:
        said = json.loads((folder / name).read_text())
        for picture in said["images"]:
            own = [a for a in said["annotations"] if a["image_id"] == picture["id"]]
            pixels = cv2.imread(str(folder / pictures / picture["file_name"]))
            labelled = [a for a in own if a.get("num_keypoints", 0) and not a["iscrowd"]]
            found.append(Photo(picture["id"], cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), labelled))
            rows += own
    truth = {
        "images": [{"id": photo.id} for photo in found],
        "annotations": [
            {**{k: v for k, v in row.items() if k != "segmentation"}, "id": number}
            for number, row in enumerate(rows, 1)
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    return found, truth


def oks(pose: NDArray[Any], other: NDArray[Any], size: float, seen: NDArray[np.bool_]) -> float:
    """Object keypoint similarity of two poses [17, 2+] of a person `size` pixels large, over the
    joints that are `seen`; COCO's."""
    squares = ((pose[:, :2] - other[:, :2]) ** 2).sum(axis=1)
    return float(np.exp(-squares / (2 * (2 * SIGMAS) ** 2 * max(size, 1.0)))[seen].mean())


def everybody(
    photo: Photo,
    detect: Callable[[NDArray[np.uint8]], Detections],
    joints: JointEstimator,
    *,
    once: bool,
) -> list[Found]:
    """All poses in a photo, best first; `once` drops those that repeat a better one."""
    people = detect(photo.image)
    poses = joints.estimate([photo.image] * len(people), list(people.boxes))
    rows = zip(poses, people.boxes, people.scores, strict=True)
    found = [Found(photo.id, p, b, float(s * p[:, 2].mean())) for p, b, s in rows]
    found.sort(key=lambda one: -one.score)
    if not once:
        return found
    kept: list[Found] = []
    every = np.ones(17, bool)
    for one in found:
        # a person fills about half of its box (COCO's segments)
        size = float(area(one.box)) / 2
        if all(oks(one.pose, better.pose, size, every) < SAME_POSE for better in kept):
            kept.append(one)
    return kept


def score(name: str, pictures: list[Photo], truth: dict[str, Any], found: list[Found]) -> Figures:
    """The figures of all poses found."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rows = [
        {
            "image_id": one.photo, "category_id": 1, "score": one.score,
            "keypoints": one.pose.astype(float).ravel().tolist(),
        }
        for one in found
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        judged = COCOeval(known, known.loadRes(rows), "keypoints")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    best = [[_best(person, found) for person in photo.people] for photo in pictures]
    alone = [values[0] for values in best if len(values) == 1]
    every = [value for values in best for value in values]
    ap, ap50, ar = (100 * float(judged.stats[place]) for place in (0, 1, 5))
    return Figures(name, ap, ap50, ar, float(np.mean(every)), float(np.mean(alone)))


def _best(person: dict[str, Any], found: list[Found]) -> float:
    true = np.array(person["keypoints"], float).reshape(17, 3)
    own = [one.pose for one in found if one.photo == person["image_id"]]
    return max((oks(p, true, person["area"], true[:, 2] > 0) for p in own), default=0.0)


def measure(folder: Path) -> Iterator[Figures]:
    """The figures of the plain pair, then of each profile; raises OSError without photos."""
    pictures, truth = photos(folder)
    detector = PersonDetector(open_model("nanodet_person", MODELS, "cpu"))
    thunder = _joints("nanodet_person+movenet_thunder", CROP)
    plain = [f for photo in pictures for f in everybody(photo, detector.plain, thunder, once=False)]
    yield score("plain pair", pictures, truth, plain)
    for profile in PROFILES:
        joints = _joints(model_of(profile, gpu=False))
        found = [f for p in pictures for f in everybody(p, detector.everybody, joints, once=True)]
        yield score(profile, pictures, truth, found)
    joints = _joints(model_of("accurate", gpu=True))
    found = [f for p in pictures for f in everybody(p, detector.everybody, joints, once=True)]
    yield score("accurate on a GPU (here on the CPU)", pictures, truth, found)


def _joints(model: str, margin: float = STILL_CROP) -> JointEstimator:
    name = ModelName.parse(model)
    session = open_model(name.joints, MODELS, "cpu")
    return joint_estimator(name.joints, session, flip=name.flip, margin=margin)


def table(figures: list[Figures]) -> str:
    """The figures as a table."""
    lines = ["| | AP | AP50 | AR | mean OKS | of one person alone |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {f.name} | {f.ap:.1f} | {f.ap50:.1f} | {f.ar:.1f} | {f.oks:.3f} | {f.oks_alone:.3f} |"
        for f in figures
    ]
    return "\n".join(lines) + "\n"
