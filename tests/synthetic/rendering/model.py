"""A skinned body: rest pose, bones, skin weights and keypoints, baked into data/*.npz.

Axes: z up, facing -y, +x the person's left. Formula of linear blend skinning: Magnenat-Thalmann,
Laperriere and Thalmann 1988.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tests.synthetic.rendering.geometry import Floats

DATA = Path(__file__).parent / "data"
Integers = NDArray[np.integer]
Rotations = dict[str, Floats]
"""World rotation [3, 3] against the rest pose by bone; a bone not named follows its parent."""


class BodyModel:
    """Rest vertices [v, 3], bone heads [b, 3], triangles [f, 3]; all metres."""

    def __init__(self, name: str) -> None:
        with np.load(DATA / f"{name}.npz") as baked:
            self.vertices: Floats = baked["V"].astype(float)
            self.heads: Floats = baked["H"].astype(float)
            self.bones: list[str] = [str(bone) for bone in baked["bones"]]
            self.parents: Integers = baked["parents"]
            weights, bones = baked["W"].astype(float), baked["WI"].astype(int)
            self.faces: Integers = baked["F"]
            self.eyes: tuple[Integers, Integers] = (
                baked["F_helper-l-eye"], baked["F_helper-r-eye"],
            )  # fmt: skip
            self._regressor = dict(zip(baked["coco_labels"], baked["coco_W"], strict=True))
        rows = np.repeat(np.arange(len(weights)), weights.shape[1])
        shape = (len(weights), len(self.bones))
        self._blend = csr_array((weights.ravel(), (rows, bones.ravel())), shape=shape)
        self.place = {bone: index for index, bone in enumerate(self.bones)}
        self.used: Integers = np.unique(self.faces)
        self.sole = float(self.vertices[self.used, 2].min())
        self.stature = float(self.vertices[self.used, 2].max()) - self.sole

    def head(self, bone: str) -> Floats:
        """Where a bone begins in the rest pose, [3]."""
        return self.heads[self.place[bone]]

    def share(self, *beginnings: str) -> Floats:
        """How much of each vertex [v] the bones move whose names begin so, 0-1."""
        chosen = [index for bone, index in self.place.items() if bone.startswith(beginnings)]
        share: Floats = self._blend[:, chosen].sum(axis=1)
        return share

    def length(self, bone: str, end: str) -> float:
        """Metres from the head of `bone` to that of `end`."""
        return float(np.linalg.norm(self.head(end) - self.head(bone)))

    def keypoints(self, vertices: Floats) -> dict[str, Floats]:
        """The points [3] that a detector of COCO keypoints is trained to find."""
        return {str(name): vertices.T @ weights for name, weights in self._regressor.items()}

    def transforms(self, turns: Rotations) -> tuple[Floats, Floats]:
        """Rotation [b, 3, 3] and shift [b, 3] of each bone with the root where it rests."""
        count = len(self.heads)
        matrices, shifts = np.zeros((count, 3, 3)), np.zeros((count, 3))
        for bone, name in enumerate(self.bones):
            parent = int(self.parents[bone])
            root = parent < 0 or parent == bone
            above = np.eye(3) if root else matrices[parent]
            head = self.heads[bone] if root else above @ self.heads[bone] + shifts[parent]
            matrices[bone] = turns.get(name, above)
            shifts[bone] = head - matrices[bone] @ self.heads[bone]
        return matrices, shifts

    def skinned(self, vertices: Floats, matrices: Floats, shifts: Floats) -> Floats:
        """`vertices` [v, 3] of the rest pose, carried along by the bones."""
        blended = self._blend @ np.concatenate((matrices.reshape(-1, 9), shifts), axis=1)
        turned = np.einsum("vij,vj->vi", blended[:, :9].reshape(-1, 3, 3), vertices)
        moved: Floats = turned + blended[:, 9:]
        return moved


def normals(vertices: Floats, faces: Integers) -> Floats:
    """Unit normals [v, 3]: the mean of the adjoining triangles by area."""
    first, second, third = (vertices[faces[:, corner]] for corner in range(3))
    areas = np.cross(second - first, third - first)
    sums = [
        np.bincount(faces.ravel(), np.repeat(areas[:, axis], 3), len(vertices)) for axis in range(3)
    ]
    stacked = np.stack(sums, axis=1)
    length: Floats = np.linalg.norm(stacked, axis=1, keepdims=True)
    unit: Floats = stacked / np.maximum(length, 1e-12)
    return unit


@lru_cache(maxsize=2)
def load_body(name: str) -> BodyModel:
    """`man` or `woman`; raises FileNotFoundError."""
    return BodyModel(name)
