"""The room the athlete stands in: planks, a plastered wall, one light with its shadow, a sensor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.synthetic.rendering.camera import View
from tests.synthetic.rendering.clothes import DressedBody
from tests.synthetic.rendering.geometry import Floats, Z, rotation, unit
from tests.synthetic.rendering.model import normals
from tests.synthetic.rendering.raster import FAR, rasterise
from tests.synthetic.rendering.shade import ambient, direct, shade

WALL = 1.5
"""Metres from the athlete to the wall behind."""
SENSOR_NOISE = 0.010
GAMMA = 0.85
_SHADOW_SIDE, _SHADOW_METRES = 1024, 4.4
_LIGHT = np.array([-0.45, -0.75, 1.05])
"""Towards the light, for a camera at yaw 0; it turns with the camera."""
_TEXELS = 1024


class Scene:
    """An empty room seen by a camera; frames of a body in it are drawn one after the other."""

    def __init__(self, view: View, seed: int = 0) -> None:
        self._view = view
        self._random = np.random.default_rng(seed)
        self._light = unit(rotation(Z, view.yaw) @ _LIGHT)
        place, normal, colour = self._room()
        self._place = place
        self._ambient = colour * ambient(normal[..., 2:])
        facing = np.maximum(normal @ self._light, 0.0)[..., None]
        self._direct = colour * direct(1.0) * facing
        self._shadow = self._shadow_view()

    def draw(self, *bodies: tuple[DressedBody, Floats]) -> NDArray[np.uint8]:
        """One frame, uint8 RGB [h, w, 3], of clothed bodies and their vertices [v, 3] in the world.

        Several bodies throw shadows on the room but not on each other.
        """
        image, nearest = self._lit(*bodies[0])
        for body in bodies[1:]:
            other, depth = self._lit(*body)
            room = (nearest >= FAR) & (depth >= FAR)
            shadows = np.minimum(image, other)
            image = np.where((depth < nearest)[..., None], other, image)
            image[room] = shadows[room]
            nearest = np.minimum(nearest, depth)
        return self._sensed(image)

    def _lit(self, body: DressedBody, vertices: Floats) -> tuple[Floats, NDArray[np.float32]]:
        """The room with one body as light [h, w, 3], and the body's depth [h, w]."""
        view = self._view
        height, width = view.drawn
        depth, face_at, share = rasterise(view.project(vertices), body.faces, height, width)
        matrix, offset = self._shadow
        shadow, _, _ = rasterise(
            vertices @ matrix.T + offset, body.faces, _SHADOW_SIDE, _SHADOW_SIDE
        )
        image = np.empty((height, width, 3))
        shade(
            image, face_at, share, body.faces, vertices, normals(vertices, body.faces),
            body.skin, body.fields, body.palette, body.levels, self._place, self._ambient,
            self._direct, self._light, view.eye, shadow, matrix, offset,
        )  # fmt: skip
        return image, depth

    def _sensed(self, image: Floats) -> NDArray[np.uint8]:
        """What a camera makes of light: tone curve, a little blur, noise."""
        size = (self._view.width, self._view.height)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        toned = cv2.GaussianBlur(np.clip(small, 0, 1.2) ** GAMMA * 0.98, (3, 3), 0.5)
        noisy = toned + self._random.normal(0, SENSOR_NOISE, toned.shape)
        return (np.clip(noisy, 0, 1) * 255).astype(np.uint8)

    def _shadow_view(self) -> tuple[Floats, Floats]:
        """Matrix [3, 3] and offset [3] from the world to the light's parallel view in texels."""
        forward = -self._light
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        scale = _SHADOW_SIDE / _SHADOW_METRES
        matrix = np.stack([right * scale, np.cross(forward, right) * scale, forward])
        half = _SHADOW_SIDE / 2
        return matrix, np.array([half, half, 5.0]) - matrix @ np.array([0, 0, 0.85])

    def _room(self) -> tuple[Floats, Floats, Floats]:
        """Place, normal and colour [h, w, 3] of the room at each drawn pixel."""
        view = self._view
        rays = view.rays()
        angle = view.azimuth + 0.12
        facing = np.array([np.sin(angle), -np.cos(angle), 0.0])
        down, ahead = rays[..., 2], rays @ facing
        to_floor = np.where(down < -1e-6, -view.eye[2] / np.minimum(down, -1e-6), 1e9)
        distance = -WALL - view.eye @ facing
        to_wall = np.where(ahead < -1e-6, distance / np.minimum(ahead, -1e-6), 1e9)
        on_floor = (to_floor < to_wall)[..., None]
        place = view.eye + rays * np.minimum(to_floor, to_wall)[..., None]
        coarse = _clouds(self._random, (4, 9, 22, 60, 150))
        fine = _clouds(self._random, (30, 90, 250, 500))
        across = place @ np.array([facing[1], -facing[0], 0.0])
        wall = _wall(across, place[..., 2], coarse, fine)
        floor = _planks(place[..., 0], place[..., 1], coarse, fine)
        return (
            place,
            np.where(on_floor, [0, 0, 1.0], facing),
            np.clip(np.where(on_floor, floor, wall), 0, 1),
        )


def _clouds(random: np.random.Generator, octaves: tuple[int, ...]) -> NDArray[np.float32]:
    """Noise of unit deviation over a square of texels, each octave weaker by 1.6."""
    total = np.zeros((_TEXELS, _TEXELS), np.float32)
    for rank, count in enumerate(octaves):
        grid = random.normal(size=(count, count)).astype(np.float32)
        total += cv2.resize(grid, (_TEXELS, _TEXELS), interpolation=cv2.INTER_CUBIC) / 1.6**rank
    normed: NDArray[np.float32] = total / total.std()
    return normed


def _at(texture: NDArray[np.float32], x: Floats, y: Floats) -> Floats:
    """The texture at metres x and y, mirrored at its edges so that it has no seams."""
    last = _TEXELS - 1

    def texel(metres: Floats) -> NDArray[np.int64]:
        return last - np.abs((np.floor(metres * 170).astype(int) + 512) % (2 * last) - last)

    found: Floats = texture[texel(y), texel(x)]
    return found


def _wall(x: Floats, z: Floats, coarse: NDArray[np.float32], fine: NDArray[np.float32]) -> Floats:
    """Plaster with a skirting board, linear colour [h, w, 3]."""
    rough = 1 + 0.035 * _at(coarse, x, z) + 0.02 * _at(fine, x, z)
    plaster = np.array([0.80, 0.79, 0.75]) * rough[..., None]
    board = np.array([0.82, 0.81, 0.78]) * (1 + 0.01 * _at(fine, x, z))[..., None]
    wall = np.where((z < 0.11)[..., None], board, plaster)
    return np.where(((z > 0.105) & (z < 0.113))[..., None], 0.35, wall)


def _planks(x: Floats, y: Floats, coarse: NDArray[np.float32], fine: NDArray[np.float32]) -> Floats:
    """Boards 16 cm wide and 1.1 m long, each with its tone, linear colour [h, w, 3]."""
    row = np.floor(x / 0.16).astype(int)
    board = np.floor((y + row * 0.37) / 1.1).astype(int)
    tones = np.random.default_rng(3).normal(size=4096)
    tone = tones[(row * 37 + board * 101) % 4096]
    grain = 1 + 0.10 * tone + 0.05 * _at(fine, x * 3, y * 0.3) + 0.02 * _at(coarse, x, y)
    floor = np.array([0.58, 0.46, 0.34]) * grain[..., None]
    return np.where(((x / 0.16) % 1 < 0.02)[..., None], floor * 0.6, floor)
