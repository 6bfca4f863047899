"""Where the 17 COCO keypoints of a filmed take are in its pictures, and which the body hides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.synthetic.rendering.camera import View
from tests.synthetic.rendering.geometry import Floats
from tests.synthetic.rendering.model import BodyModel
from tests.synthetic.rendering.raster import FAR, rasterise
from tests.synthetic.rendering.stage import Actor, actors
from tests.synthetic.rendering.take import Take, postures
from worker.contract.keypoints import COCO_NAMES

STEPS = 8
"""Places are kept in so many parts of a pixel."""
BEHIND_M = 0.2
"""A joint lies within its own flesh: it is hidden where the skin is this much nearer."""


@dataclass(frozen=True)
class Marks:
    """Keypoints [n, 17, 2] in pixels of the picture, from its upper left corner; whether somebody
    `hides` each [n, 17]; pixels that the body covers [n]; its stature in pixels [n]; keypoints of
    another one who crosses [n, 17, 2], NaN where nobody does."""

    places: Floats
    hides: NDArray[np.bool_]
    areas: NDArray[np.int32]
    statures: Floats
    others: Floats


def marks(take: Take) -> Marks:
    """The keypoints of each frame of `take`."""
    found = []
    for view, (own, *passing) in actors(take, postures(take)):
        joints = view.project(coco(own))
        hides, area = hidden(view, joints, own, passing)
        other = flat(view, coco(passing[0])) if passing else np.full((17, 2), np.nan)
        found.append((flat(view, coco(own)), hides, area, stature(view, take.model), other))
    places, hides, areas, statures, others = (np.stack(part) for part in zip(*found, strict=True))
    return Marks(places, hides, areas.astype(np.int32), statures, others)


def stature(view: View, model: BodyModel) -> float:
    """The model's height in pixels where it stands."""
    return model.stature * view.focal / view.oversampling / view.distance


def coco(actor: Actor) -> Floats:
    """The 17 keypoints [17, 3] of somebody, in the world."""
    points = actor.body.model.keypoints(actor.bare)
    return np.stack([points[name] for name in COCO_NAMES])


def flat(view: View, joints: Floats) -> Floats:
    """The places [17, 2] of `joints` [17, 3] in pixels of the picture."""
    return view.project(joints)[:, :2] / view.oversampling


def hidden(
    view: View, joints: Floats, own: Actor, passing: list[Actor]
) -> tuple[NDArray[np.bool_], float]:
    """Which of the projected `joints` [17, 3] somebody hides [17], and the picture's pixels that
    the body would cover alone."""
    height, width = view.drawn
    depths = [
        rasterise(view.project(actor.skin), actor.body.faces, height, width)[0]
        for actor in (own, *passing)
    ]
    nearest = np.minimum.reduce(depths)
    x, y = (np.floor(joints[:, axis]).astype(int) for axis in (0, 1))
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    skin = nearest[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    hides = inside & (skin < joints[:, 2] - BEHIND_M)
    return hides, float((depths[0] < FAR).sum()) / view.oversampling**2


def steps(places: Floats) -> NDArray[np.int16]:
    """Places [n, 17, 2] as steps of 1/STEPS px from the frame before."""
    fixed = np.rint(places * STEPS).astype(np.int16)
    return np.diff(fixed, axis=0, prepend=np.zeros_like(fixed[:1]))


def write(path: Path, found: dict[str, Marks]) -> None:
    """Keeps the marks by clip, as tests/bench/exact_truth.py reads them."""
    arrays: dict[str, NDArray[np.generic]] = {"steps": np.array(STEPS)}
    for name, own in found.items():
        arrays[f"{name}.places"] = steps(own.places)
        arrays[f"{name}.hides"] = np.packbits(own.hides, axis=1)
        arrays[f"{name}.areas"] = own.areas
        arrays[f"{name}.statures"] = own.statures.astype(np.float32)
        crossed = ~np.isnan(own.others[:, 0, 0])
        if crossed.any():
            arrays[f"{name}.crossed"] = crossed
            arrays[f"{name}.others"] = steps(own.others[crossed])
    np.savez_compressed(path, allow_pickle=False, **arrays)  # type: ignore[arg-type]
