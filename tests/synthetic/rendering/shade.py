"""Light on every pixel: Lambert's law, a hemisphere of sky, a soft shadow; cloth by its fields."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

AMBIENT = 0.5
"""Share of the light that comes from everywhere."""
_SHADOW_BIAS_BODY, _SHADOW_BIAS_ROOM = 0.012, 0.004


@njit(cache=True, fastmath=True, inline="always")
def _hash(x, y, z):  # type: ignore[no-untyped-def]
    n = (x * 374761393 + y * 668265263 + z * 2147483647) & 0xFFFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((n ^ (n >> 16)) & 0xFFFF) / 32767.5 - 1


@njit(cache=True, fastmath=True)
def _noise(x, y, z):  # type: ignore[no-untyped-def]
    """Value noise, -1 to 1, smooth over the unit lattice."""
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = x - i, y - j, z - k
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    total = 0.0
    for dk in range(2):
        for dj in range(2):
            low, high = _hash(i, j + dj, k + dk), _hash(i + 1, j + dj, k + dk)
            total += (low * (1 - u) + high * u) * (v if dj else 1 - v) * (w if dk else 1 - w)
    return total


@njit(cache=True, fastmath=True)
def _cloth(rest, skin, palette, levels):  # type: ignore[no-untyped-def]
    """Colour of a point of the body: `rest` [7] its rest place and fields, `skin` [3]."""
    grain = _noise(rest[0] * 260, rest[1] * 260, rest[2] * 260)
    patch = _noise(rest[0] * 18, rest[1] * 18, rest[2] * 18)
    if rest[5] > 0:
        sole = rest[2] <= levels[2]
        return palette[4 if sole else 2] * (1 + 0.04 * grain)
    if rest[3] > 0:
        stripe = levels[0] < rest[2] < levels[1]
        hem = 0.75 if rest[3] < 0.008 else 1.0
        return palette[4 if stripe else 0] * ((1 + 0.10 * grain + 0.07 * patch) * hem)
    if rest[4] > 0:
        return palette[1] * (1 + 0.12 * grain + 0.10 * patch)
    if rest[6] + 0.006 * grain > 0:
        return palette[3] * (1 + 0.5 * _noise(rest[0] * 500, rest[1] * 500, rest[2] * 90))
    return skin * (1 + 0.03 * grain + 0.05 * patch)


@njit(cache=True, fastmath=True)
def _lit(x, y, z, shadow, matrix, offset, bias):  # type: ignore[no-untyped-def]
    """Share 0-1 of the light's window at a place that nothing stands before."""
    size = shadow.shape[0]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + offset[0]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + offset[1]
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + offset[2] - bias
    share = 0.0
    for step, count in ((3, 9), (1, 49)):
        seen = 0
        for dy in range(-3, 4, step):
            for dx in range(-3, 4, step):
                column, row = int(u + dx), int(v + dy)
                inside = 0 <= column < size and 0 <= row < size
                if not inside or shadow[row, column] > depth:
                    seen += 1
        share = seen / count
        if seen in (0, count):
            break
    return share


@njit(cache=True, fastmath=True)
def _body(corners, u, v, vertices, normals, skin, fields, palette, levels, light, eye,
          shadow, matrix, offset):  # type: ignore[no-untyped-def]  # fmt: skip
    """Linear colour [3] of a point of the body, by its place in a triangle."""
    a, b, c = corners
    w = 1 - u - v
    place = u * vertices[a] + v * vertices[b] + w * vertices[c]
    normal = u * normals[a] + v * normals[b] + w * normals[c]
    normal /= np.sqrt((normal * normal).sum() + 1e-12)
    rest = u * fields[a] + v * fields[b] + w * fields[c]
    bare = u * skin[a] + v * skin[b] + w * skin[c]
    facing = (normal * light).sum()
    lit = 0.0
    if facing > 0:
        lit = _lit(place[0], place[1], place[2], shadow, matrix, offset, _SHADOW_BIAS_BODY)
    towards = eye - place
    towards /= np.sqrt((towards * towards).sum())
    level = ambient(normal[2]) + direct(facing) * lit
    return _cloth(rest, bare, palette, levels) * (
        level * (0.78 + 0.22 * abs((normal * towards).sum()))
    )


@njit(cache=True)
def ambient(up):  # type: ignore[no-untyped-def]
    """Light from everywhere on a surface whose normal has that part upwards."""
    return AMBIENT * (0.775 + 0.225 * up)


@njit(cache=True)
def direct(facing):  # type: ignore[no-untyped-def]
    """Light of the lamp on a surface, by the cosine between its normal and the lamp."""
    return (1 - AMBIENT) * 1.25 * max(facing, 0.0)


@njit(cache=True, fastmath=True, parallel=True)
def shade(  # type: ignore[no-untyped-def]
    image, face_at, share, faces, vertices, normals, skin, fields, palette, levels,
    room_place, room_ambient, room_direct, light, eye, shadow, matrix, offset,
):  # fmt: skip
    """Fills `image` [h, w, 3] with linear colours 0-1; all float64 but the indices."""
    height, width = face_at.shape
    for row in prange(height):
        for column in range(width):
            face = face_at[row, column]
            if face >= 0:
                u, v = share[row, column]
                image[row, column] = _body(
                    faces[face], u, v, vertices, normals, skin, fields, palette, levels,
                    light, eye, shadow, matrix, offset,
                )  # fmt: skip
            else:
                x, y, z = room_place[row, column]
                lit = _lit(x, y, z, shadow, matrix, offset, _SHADOW_BIAS_ROOM)
                for channel in range(3):
                    image[row, column, channel] = (
                        room_ambient[row, column, channel] + lit * room_direct[row, column, channel]
                    )
