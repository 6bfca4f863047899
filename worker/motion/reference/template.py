"""A reference movement ready to be compared with: its axis, and how like it a stretch of poses is.

*Progress* is the projection of a pose on the line from the reference's start pose to its extreme
pose, the one that is farthest from the start: 0 at the start, 1 at the extreme, weighted by how
well each part is seen. It is one number a frame, so the rep machine finds the cycles in it;
whether a cycle is the reference's movement is decided by dynamic time warping.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from worker.contract.reference_poses import POINTS, ReferencePoses
from worker.motion.features.body_segments import Floats
from worker.motion.reference.dtw import skew, warp
from worker.motion.reference.features import distances, mirrored, swapped, vectors

STILL = 0.25
"""Importance of a part that rests in the reference; 1 for the one that moves most. Held things and
style may differ there, another movement may not."""

IMAGES = 4
"""Most images of a reference that are followed."""

ALIKE = 0.2
"""Distance of movements and of start poses up to which two images are one."""

ENDS = 2
"""Samples at the beginning of a rep whose mean is its start pose."""


@dataclass(frozen=True)
class Match:
    """How a stretch of poses compares with the reference; distances are root mean squares of
    `reference_features` (about limb lengths, or half radians).

    `apart` is the mean distance of the movements along the best alignment, by the reference's own
    mean distance from its start pose: 0 the same, 1 as unlike as standing still. `stray` is how far
    parts go beyond where the reference's go, by how far those go. `offset` is the distance of the
    start poses; `pose` the mean distance of the poses along the alignment; `skew` 0-1 how uneven
    its time is.
    """

    apart: float
    stray: float
    offset: float
    pose: float
    skew: float


@dataclass(frozen=True)
class Template:
    """The reference, or its mirror image: `poses` and `weights` [POINTS, WIDTH]."""

    poses: Floats
    weights: Floats
    start: Floats
    axis: Floats
    worth: Floats
    importance: Floats

    def progress(self, poses: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Progress [n] of poses [n, WIDTH] and which share of the axis is seen [n], 0-1."""
        worth = weights * self.worth
        whole = float((self.worth * self.axis**2).sum())
        there = worth @ self.axis**2
        along = (worth * (poses - self.start)) @ self.axis
        return along / np.maximum(there, 1e-6), there / max(whole, 1e-6)

    def nearest(self, poses: Floats, weights: Floats) -> Floats:
        """Distance [n] of each pose to the nearest one of the reference."""
        both = (weights * self.importance)[:, None, :] * self.weights[None]
        return np.asarray(distances(poses, self.poses, both).min(axis=1), np.float64)

    def match(self, poses: Floats, weights: Floats) -> Match:
        """Compares POINTS poses that are evenly spread over a rep's time."""
        both = (weights * self.importance)[:, None, :] * self.weights[None]
        start = poses[:ENDS].mean(axis=0)
        moved, own = poses - start, self.poses - self.start
        found = warp(distances(moved, own, both))
        still = distances(np.zeros((1, own.shape[1])), own, both.mean(axis=0)[None])
        apart = found.distance / max(float(still.mean()), 1e-6)
        away = distances(start[None], self.start[None], both[:ENDS, :ENDS].mean(axis=(0, 1)))
        aligned = distances(poses, self.poses, both)[list(found.rows), list(found.columns)]
        return Match(
            apart=apart,
            stray=_stray(moved, own, weights.mean(axis=0) * self.weights.mean(axis=0)),
            offset=float(away[0, 0]),
            pose=float(aligned.mean()),
            skew=skew(found, len(poses), POINTS),
        )


def _stray(moved: Floats, own: Floats, weights: Floats) -> float:
    reach, limit = np.abs(moved).max(axis=0), np.abs(own).max(axis=0)
    beyond = float((np.maximum(reach - limit, 0.0) ** 2 * weights).sum())
    return math.sqrt(beyond / max(float((limit**2 * weights).sum()), 1e-9))


def _template(poses: Floats, weights: Floats) -> Template:
    start = poses[:ENDS].mean(axis=0)
    moved = poses - start
    worth = weights.mean(axis=0)
    far = int(np.argmax((moved**2 * worth).sum(axis=1)))
    reach = np.abs(moved).max(axis=0) * worth
    importance = STILL + (1 - STILL) * reach / max(float(reach.max()), 1e-6)
    return Template(poses, weights, start, moved[far], worth, importance)


def templates_of(reference: ReferencePoses) -> tuple[Template, ...]:
    """The reference and up to three images of it, those left out that are like one before.

    A subject may face the other way (the mirror image), lead with the other arm or leg, or both.
    """
    poses, weights = vectors(reference.limbs.astype(np.float64), reference.seen.astype(np.float64))
    mirror, other = mirrored(poses), swapped(weights)
    images = (
        (poses, weights), (mirror, other), (swapped(poses), other), (swapped(mirror), weights)
    )  # fmt: skip
    found: list[Template] = []
    for image in images:
        if not any(_alike(template, *image) for template in found):
            found.append(_template(*image))
    return tuple(found)


def moving_limbs(reference: ReferencePoses) -> list[int]:
    """Places in LIMBS of those that move at least half as far as the one that moves most."""
    moved = np.linalg.norm(reference.limbs - reference.limbs[:1], axis=-1).max(axis=0)
    reach = moved * reference.seen.mean(axis=0)
    return [int(limb) for limb in np.flatnonzero(reach >= 0.5 * reach.max())]


def _alike(template: Template, poses: Floats, weights: Floats) -> bool:
    match = template.match(poses, weights)
    return match.apart <= ALIKE and match.offset <= ALIKE


def resampled(seconds: Floats, columns: Floats) -> Floats:
    """Columns [n, k] at POINTS moments that are evenly spread from the first to the last."""
    at = np.linspace(seconds[0], seconds[-1], POINTS)
    after = np.clip(np.searchsorted(seconds, at, side="right"), 1, len(seconds) - 1)
    span = seconds[after] - seconds[after - 1]
    share = np.clip((at - seconds[after - 1]) / np.maximum(span, 1e-9), 0.0, 1.0)[:, None]
    between: Floats = columns[after - 1] * (1 - share) + columns[after] * share
    return between
