"""Where the 17 COCO keypoints of a filmed take are in its pictures, and which the body hides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from athlete.body_camera import View
from athlete.body_clothes import dress
from athlete.body_geometry import Floats
from athlete.body_model import BodyModel
from athlete.body_posture import strike
from athlete.body_raster import FAR, rasterise
from athlete.body_take import Take, postures
from worker.contract.keypoints import COCO_NAMES

STEPS = 8
"""Places are kept in so many parts of a pixel."""
BEHIND_M = 0.2
"""A joint lies within its own flesh: it is hidden where the skin is this much nearer."""


@dataclass(frozen=True)
class Marks:
    """Keypoints [n, 17, 2] in pixels of the picture, from its upper left corner; whether the body
    `hides` each [n, 17]; pixels that the body covers [n]; its stature in pixels."""

    places: Floats
    hides: NDArray[np.bool_]
    areas: NDArray[np.int32]
    stature: float


def marks(take: Take) -> Marks:
    """The keypoints of each frame of `take`."""
    body = dress(take.model, take.outfit, take.seed)
    found = []
    for posture in postures(take):
        struck = strike(take.model, posture)
        skin = take.model.skinned(body.vertices, struck.matrices, struck.shifts)
        bare = take.model.skinned(take.model.vertices, struck.matrices, struck.shifts)
        found.append(seen(take.view, coco(take.model, bare), skin, body.faces))
    places, hides, areas = (np.stack(part) for part in zip(*found, strict=True))
    return Marks(places, hides, areas.astype(np.int32), stature(take.view, take.model))


def stature(view: View, model: BodyModel) -> float:
    """The model's height in pixels where it stands."""
    return model.stature * view.focal / view.oversampling / view.distance


def coco(model: BodyModel, vertices: Floats) -> Floats:
    """The 17 keypoints [17, 3] of a body whose skin is `vertices` [v, 3], in the world."""
    points = model.keypoints(vertices)
    return np.stack([points[name] for name in COCO_NAMES])


def seen(
    view: View, joints: Floats, skin: Floats, faces: NDArray[np.int32]
) -> tuple[Floats, NDArray[np.bool_], float]:
    """The places [17, 2] of `joints` [17, 3] in pixels, which of them the `skin` hides [17], and
    the pixels that it covers."""
    height, width = view.drawn
    points = view.project(joints)
    depth, _, _ = rasterise(view.project(skin), faces, height, width)
    x, y = (np.floor(points[:, axis]).astype(int) for axis in (0, 1))
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    nearest = depth[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    hides = inside & (nearest < points[:, 2] - BEHIND_M)
    covered = float((depth < FAR).sum()) / view.oversampling**2
    return points[:, :2] / view.oversampling, hides, covered


def write(path: Path, found: dict[str, Marks]) -> None:
    """Keeps the marks by clip: places as steps of 1/`steps` px from frame to frame."""
    arrays: dict[str, NDArray[np.generic]] = {"steps": np.array(STEPS)}
    for name, own in found.items():
        fixed = np.rint(own.places * STEPS).astype(np.int16)
        arrays[f"{name}.places"] = np.diff(fixed, axis=0, prepend=np.zeros_like(fixed[:1]))
        arrays[f"{name}.hides"] = np.packbits(own.hides, axis=1)
        arrays[f"{name}.areas"] = own.areas
        arrays[f"{name}.stature"] = np.array(own.stature)
    np.savez_compressed(path, allow_pickle=False, **arrays)  # type: ignore[arg-type]
