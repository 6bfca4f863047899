"""How near estimated joints are to exactly known ones.

OKS with COCO's sigmas over all 17 joints; the area is the pixels that the body covers, 1 px at
least. PCK counts joints within PCK_SHARE of the body's stature. A frame without a pose scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.bench.exact_truth import Exact, Floats
from tests.bench.keypoints import SIGMAS

PCK_SHARE = 0.05
JOINTS = {
    "nose": [0], "eyes": [1, 2], "ears": [3, 4], "shoulders": [5, 6], "elbows": [7, 8],
    "wrists": [9, 10], "hips": [11, 12], "knees": [13, 14], "ankles": [15, 16],
}  # fmt: skip
LEFT = np.array([0, *(1, -1) * 8], float)
"""1 for joints of the left side, -1 for those of the right."""


@dataclass(frozen=True)
class Taken:
    """Truth and estimate of a clip: `places` [n, 17, 2] in pixels, `there` [n] where somebody was
    found, `times` [n] in seconds; the truth has the same rows."""

    truth: Exact
    places: Floats
    there: NDArray[np.bool_]
    times: Floats

    @property
    def offsets(self) -> Floats:
        """Estimated less true places [n, 17, 2], in per cent of the stature."""
        return 100 * (self.places - self.truth.places) / self.truth.statures[:, None, None]

    @property
    def far(self) -> Floats:
        """Lengths [n, 17] of the offsets."""
        return np.linalg.norm(self.offsets, axis=-1)

    def oks(self, joints: NDArray[np.bool_] | None = None) -> Floats:
        """OKS of each frame [n], over all or the chosen joints [n, 17]; NaN where none is."""
        squares = ((self.places - self.truth.places) ** 2).sum(axis=-1)
        size = np.maximum(self.truth.areas, 1.0)[:, None]
        near = np.exp(-squares / (2 * (2 * SIGMAS) ** 2 * size)) * self.there[:, None]
        chosen = np.ones_like(near, bool) if joints is None else joints
        count = chosen.sum(axis=1)
        return np.where(count, (near * chosen).sum(axis=1) / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Score:
    """Means over clips: OKS over all joints and over those seen, PCK and the share of frames with
    a pose in per cent, median error in per cent of the stature."""

    oks: float
    oks_seen: float
    pck: float
    error: float
    found: float


def score(taken: Sequence[Taken]) -> Score:
    """The figures of some clips, each of the same weight."""
    rows = [
        (
            one.oks().mean(),
            np.nanmean(one.oks(~one.truth.hides)),
            100 * ((one.far <= 100 * PCK_SHARE) & one.there[:, None]).mean(),
            np.median(one.far[one.there]),
            100 * one.there.mean(),
        )
        for one in taken
    ]
    return Score(*(float(value) for value in np.mean(rows, axis=0)))


@dataclass(frozen=True)
class JointError:
    """Of a pair of joints, in per cent of the stature: median error; the same where the body hides
    the joint, NaN where it never does; median offset downwards, and from the body's middle
    outwards in front views; median error once each clip's own median offset is taken away."""

    median: float
    hidden: float
    down: float
    outward: float
    rest: float


def joint_errors(taken: Sequence[Taken], fronts: Sequence[str]) -> dict[str, JointError]:
    """Errors of each pair of joints over the frames of all clips; `fronts` names front views."""
    return {name: _joint_error(taken, joints, fronts) for name, joints in JOINTS.items()}


def _joint_error(taken: Sequence[Taken], joints: list[int], fronts: Sequence[str]) -> JointError:
    offsets = [one.offsets[one.there][:, joints] for one in taken]
    own = [offset - np.median(offset, axis=0) for offset in offsets]
    every = np.concatenate([offset.reshape(-1, 2) for offset in offsets])
    hides = np.concatenate([one.truth.hides[one.there][:, joints].ravel() for one in taken])
    # in a front view the left side is on the right of the picture
    outward = [
        (offset[..., 0] * LEFT[joints]).ravel()
        for offset, one in zip(offsets, taken, strict=True)
        if one.truth.name in fronts
    ]
    far = np.linalg.norm(every, axis=-1)
    return JointError(
        median=float(np.median(far)),
        hidden=float(np.median(far[hides])) if hides.any() else float("nan"),
        down=float(np.median(every[:, 1])),
        outward=float(np.median(np.concatenate(outward))) if joints != [0] else float("nan"),
        rest=float(np.median(np.concatenate([np.linalg.norm(o, axis=-1).ravel() for o in own]))),
    )
