"""A depth-buffer rasteriser of triangles (Pineda 1988), compiled by numba."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tests.synthetic.rendering.geometry import Floats

NEAR = 0.05
"""Metres in front of the camera under which nothing is drawn."""
FAR = 1e9


@njit(cache=True, fastmath=True)
def _fill(points, faces, depth, face_at, share):  # type: ignore[no-untyped-def]
    height, width = depth.shape
    for face in range(len(faces)):
        a, b, c = faces[face]
        x0, y0, z0 = points[a]
        x1, y1, z1 = points[b]
        x2, y2, z2 = points[c]
        if z0 <= NEAR or z1 <= NEAR or z2 <= NEAR:
            continue
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-12:
            continue
        left = max(int(np.ceil(min(x0, x1, x2) - 0.5)), 0)
        right = min(int(np.floor(max(x0, x1, x2) - 0.5)), width - 1)
        top = max(int(np.ceil(min(y0, y1, y2) - 0.5)), 0)
        bottom = min(int(np.floor(max(y0, y1, y2) - 0.5)), height - 1)
        for y in range(top, bottom + 1):
            py = y + 0.5
            for x in range(left, right + 1):
                px = x + 0.5
                u = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) / area
                v = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) / area
                w = 1 - u - v
                if u < 0 or v < 0 or w < 0:
                    continue
                z = u * z0 + v * z1 + w * z2
                if z < depth[y, x]:
                    depth[y, x] = z
                    face_at[y, x] = face
                    share[y, x, 0] = u
                    share[y, x, 1] = v


def rasterise(
    points: Floats, faces: NDArray[np.int32], height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Depth [h, w], face [h, w] (-1: none) and two barycentric shares [h, w, 2].

    `points` [v, 3] are x and y in pixels and the depth.
    """
    depth = np.full((height, width), FAR, np.float32)
    face_at = np.full((height, width), -1, np.int32)
    share = np.zeros((height, width, 2), np.float32)
    _fill(points, faces, depth, face_at, share)
    return depth, face_at, share
