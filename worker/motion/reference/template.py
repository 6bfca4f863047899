"""A reference movement ready to be compared with: its axis, and how like it a stretch of poses is.

*Progress* is the projection of a pose on the line from the reference's start pose to its extreme
pose, the one that is farthest from the start: 0 at the start, 1 at the extreme, weighted by how
well each part is seen. It is one number a frame, so cycles are found in it; whether a cycle is the
reference's movement is decided by dynamic time warping.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from worker.contract.reference_poses import ReferencePoses
from worker.motion.features.body_segments import Floats
from worker.motion.reference.dtw import warp
from worker.motion.reference.poses import Poses, distances, images_of, poses_of

REST_IMPORTANCE = 0.25
"""Importance of a part that rests in the reference; 1 for the one that moves most. Held things and
style may differ there, another movement may not."""

DIFFERENT_IMAGE = 0.2
"""Distance of movements, or of start poses, beyond which two images are two."""

START_POINTS = 2
"""Samples at the beginning of a rep whose mean is its start pose."""

MOST_APART = 0.46
"""Distance of the movements from which a cycle is another exercise; standing still is at 1. On the
development clips another person's reps are at 0.2-0.45 (other cameras, other things in the hands),
nearly all that other exercises have in common above 0.47."""

MOST_STRAY = 0.65
"""How far parts may go beyond the reference's: arms overhead are no lateral raise. On the clips
the same exercise is below 0.4, a jumping jack beside a lateral raise at 0.8."""

CLOSE_APART = 0.3
"""Distance of the movements up to which that is no matter: another height of the camera makes a
limb that points to it look longer."""

MOST_OFFSET = 0.45
"""Distance of the start poses: on the floor or standing, arms down or overhead. On the clips the
same exercise is below 0.25, a deadlift from the floor beside a squat at 0.64."""

BETTER_SHARE = 0.8
"""Share of an image's distance below which another image fits better."""

FLOOR, CEILING = -0.1, 1.6
"""Progress is kept within these: one wild frame must not set the start level."""


_TINY = 1e-6


@dataclass(frozen=True)
class Axis:
    """The line from a `start` pose [WIDTH] along a `way` [WIDTH] to the extreme; `worth` [WIDTH] is
    what each part counts."""

    start: Floats
    way: Floats
    worth: Floats

    def progress(self, poses: Poses, least: float = 0.0) -> Floats:
        """Progress of n poses [n], nan where less than the share `least` of the axis is seen."""
        worth = poses.weights * self.worth
        there = worth @ self.way**2
        along = (worth * (poses.parts - self.start)) @ self.way / np.maximum(there, _TINY)
        seen = there / max(float((self.worth * self.way**2).sum()), _TINY)
        return np.where(seen >= least, np.clip(along, FLOOR, CEILING), np.nan)


@dataclass(frozen=True)
class Match:
    """How a stretch of poses compares with the reference; distances are root mean squares of parts
    (about limb lengths, or half radians).

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

    @property
    def same(self) -> bool:
        """Whether it is the reference's movement."""
        strays = self.apart > CLOSE_APART and self.stray > MOST_STRAY
        return self.apart <= MOST_APART and self.offset <= MOST_OFFSET and not strays

    def fits_better(self, other: Match) -> bool:
        """Whether this image of the reference fits better than that of `other`."""
        return self.apart < BETTER_SHARE * other.apart and self.offset <= MOST_OFFSET


class Template:
    """The POINTS poses of a reference, or of an image of it."""

    def __init__(self, poses: Poses) -> None:
        start = poses.parts[:START_POINTS].mean(axis=0)
        worth = poses.weights.mean(axis=0)
        self._poses = poses
        self._moved = poses.parts - start
        far = int(np.argmax((self._moved**2 * worth).sum(axis=1)))
        self._reach = np.abs(self._moved).max(axis=0)
        reach = self._reach * worth
        self._importance = REST_IMPORTANCE + (1 - REST_IMPORTANCE) * reach / max(
            float(reach.max()), _TINY
        )
        self.axis = Axis(start, self._moved[far], worth)

    def nearest(self, poses: Poses) -> float:
        """Mean distance of n poses to the nearest one of the reference each."""
        apart = distances(poses.parts, self._poses.parts, self._weights(poses))
        return float(apart.min(axis=1).mean())

    def match(self, poses: Poses) -> Match:
        """Compares POINTS poses that are evenly spread over a rep's time."""
        both = self._weights(poses)
        start = poses.parts[:START_POINTS].mean(axis=0)
        moved, own = poses.parts - start, self._moved
        found = warp(distances(moved, own, both))
        still = distances(np.zeros((1, own.shape[1])), own, both.mean(axis=0)[None])
        away = distances(
            start[None], self.axis.start[None], both[:START_POINTS, :START_POINTS].mean(axis=(0, 1))
        )
        rows, columns = found.path.T
        aligned = distances(poses.parts, self._poses.parts, both)[rows, columns]
        return Match(
            apart=found.distance / max(float(still.mean()), _TINY),
            stray=self._stray(moved, poses.weights.mean(axis=0) * self.axis.worth),
            offset=float(away[0, 0]),
            pose=float(aligned.mean()),
            skew=found.skew,
        )

    def _weights(self, poses: Poses) -> Floats:
        """What each part [n, POINTS, WIDTH] counts where n poses are compared with the own ones."""
        counts: Floats = (poses.weights * self._importance)[:, None] * self._poses.weights
        return counts

    def _stray(self, moved: Floats, weights: Floats) -> float:
        beyond = np.maximum(np.abs(moved).max(axis=0) - self._reach, 0.0)
        limit = float((self._reach**2 * weights).sum())
        return math.sqrt(float((beyond**2 * weights).sum()) / max(limit, _TINY))


def templates_of(reference: ReferencePoses) -> list[Template]:
    """The reference and up to three images of it, those left out that are like one before.

    A subject may face the other way (the mirror image), lead with the other arm or leg, or both.
    """
    found: list[Template] = []
    for image in images_of(reference.limbs.astype(np.float64), reference.seen.astype(np.float64)):
        poses = poses_of(*image)
        matches = [template.match(poses) for template in found]
        if all(max(match.apart, match.offset) > DIFFERENT_IMAGE for match in matches):
            found.append(Template(poses))
    return found


def moving_limbs(reference: ReferencePoses) -> list[int]:
    """Places in LIMBS of those that move at least half as far as the one that moves most."""
    moved = np.linalg.norm(reference.limbs - reference.limbs[:1], axis=-1).max(axis=0)
    reach = moved * reference.seen.mean(axis=0)
    return [int(limb) for limb in np.flatnonzero(reach >= 0.5 * reach.max())]
