"""Clothes as signed fields over the rest pose (metres, positive inside), and the dressed mesh.

The shader reads the fields at each pixel, so the edges of cloth are crisp at any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from tests.synthetic.rendering.geometry import Floats
from tests.synthetic.rendering.model import BodyModel, Integers, normals

Colour = tuple[float, float, float]
OUTSIDE = -0.05
"""Field value where a garment cannot be."""


@dataclass(frozen=True)
class Outfit:
    """Colours as linear red, green, blue 0-1; `sleeve` is the share of the arm it covers."""

    shirt: Colour = (0.18, 0.36, 0.62)
    trousers: Colour = (0.13, 0.13, 0.15)
    shoes: Colour = (0.75, 0.75, 0.75)
    trim: Colour = (0.9, 0.9, 0.88)
    hair: Colour = (0.10, 0.07, 0.05)
    skin: Colour = (0.80, 0.60, 0.48)
    sleeve: float = 0.45
    shorts: bool = False


@dataclass(frozen=True)
class DressedBody:
    """What is drawn: rest vertices [v, 3] over the cloth, triangles, skin colours [v, 3].

    `fields` [v, 7] are the rest place and the fields of shirt, trousers, shoes and hair; `palette`
    [5, 3] their colours and the trim's; `levels` the trim's lower and upper height and the soles'.
    """

    model: BodyModel
    vertices: Floats
    faces: NDArray[np.int32]
    skin: Floats
    fields: Floats
    palette: Floats
    levels: Floats


@dataclass(frozen=True)
class _Fields:
    shirt: Floats
    trousers: Floats
    shoes: Floats
    hair: Floats


def dress(model: BodyModel, outfit: Outfit, seed: int = 0) -> DressedBody:
    """The body in its clothes; `seed` sets the ripples of the cloth."""
    fields = _Fields(
        _shirt(model, outfit.sleeve), _trousers(model, outfit.shorts), _shoes(model), _hair(model)
    )
    skin = _skin(model, outfit)
    for eye in model.eyes:
        fields.hair[np.unique(eye)] = OUTSIDE
    vertices = model.vertices + _thickness(model, fields, seed)[:, None] * normals(
        model.vertices, model.faces
    )
    bare = model.faces[~(fields.shoes[model.faces] > 0.004).all(axis=1)]
    faces = [bare, *model.eyes, *_hulls(model, vertices, fields.shoes)]
    chest = model.head("upperarm01.L")[2] - 0.13
    stacked = (fields.shirt, fields.trousers, fields.shoes, fields.hair)
    colours = (outfit.shirt, outfit.trousers, outfit.shoes, outfit.hair, outfit.trim)
    return DressedBody(
        model=model,
        vertices=vertices,
        faces=np.concatenate(faces).astype(np.int32),
        skin=np.clip(skin, 0, 1),
        fields=np.column_stack((model.vertices, *stacked)),
        palette=np.array(colours),
        levels=np.array([chest - 0.035, chest + 0.03, model.sole + 0.022]),
    )


def _arm(model: BodyModel) -> tuple[Floats, Floats]:
    """Share of each vertex that an arm moves, and its place from shoulder 0 to elbow 1."""
    along = np.zeros(len(model.vertices))
    for side in "LR":
        start = model.head(f"upperarm01.{side}")
        bone = model.head(f"lowerarm01.{side}") - start
        own = (model.vertices[:, 0] > 0) == (side == "L")
        along = np.where(own, (model.vertices - start) @ bone / (bone @ bone), along)
    return model.share("upperarm", "lowerarm", "wrist", "finger", "metacarpal"), along


def _shirt(model: BodyModel, sleeve: float) -> Floats:
    x, y, z = model.vertices.T
    neck = model.head("neck01")
    waist = model.head("spine04")[2] - 0.01
    collar = np.maximum(np.hypot(x, y - neck[1]) - 0.068, neck[2] - 0.035 - z)
    field = np.minimum(z - (waist - 0.05), np.minimum(collar, neck[2] + 0.03 - z))
    arm, along = _arm(model)
    field = np.where(arm > 0.3, np.minimum(field, (sleeve - along) * 0.28), field)
    head = model.share("neck", "head") > 0.5
    field[head] = np.minimum(field[head], -0.02)
    return field


def _trousers(model: BodyModel, shorts: bool) -> Floats:
    z = model.vertices[:, 2]
    waist = model.head("spine04")[2] - 0.01
    hem = model.head("lowerleg01.L")[2] + 0.08 if shorts else model.head("foot.L")[2] + 0.025
    field = np.minimum(waist - z, z - hem)
    field[_arm(model)[0] > 0.3] = OUTSIDE
    return field


def _shoes(model: BodyModel) -> Floats:
    below = model.head("foot.L")[2] - 0.012 - model.vertices[:, 2]
    return np.where(model.share("lowerleg", "foot", "toe") > 0.5, below, OUTSIDE)


def _face(model: BodyModel) -> tuple[Floats, Floats, Floats]:
    points = model.keypoints(model.vertices)
    eye = (points["left_eye"] + points["right_eye"]) / 2
    return points["nose"], eye, (points["left_ear"] + points["right_ear"]) / 2


def _hair(model: BodyModel) -> Floats:
    x, y, z = model.vertices.T
    _, eye, ear = _face(model)
    up, back, out = z - eye[2], y - ear[1], np.abs(x)
    crown = np.maximum(np.minimum(up - 0.064, back + 0.095), np.minimum(up - 0.045, back + 0.045))
    sides = np.minimum(np.minimum(up, back + 0.012), out - 0.055)
    field = np.maximum(crown, np.maximum(np.minimum(up + 0.055, back - 0.018), sides))
    field[model.share("neck", "head") <= 0.5] = OUTSIDE
    return field


def _skin(model: BodyModel, outfit: Outfit) -> Floats:
    x, y, z = model.vertices.T
    nose, eye, _ = _face(model)
    colour = np.tile(np.array(outfit.skin), (len(x), 1))
    out = np.abs(x)
    head = model.share("neck", "head") > 0.5
    brow = (np.abs(z - eye[2] - 0.021) < 0.0045) & (out > 0.014) & (out < 0.05)
    lips = (np.abs(z - (nose[2] - 0.037)) < 0.009) & (out < 0.024) & (y < nose[1] + 0.03)
    colour[head & brow & (y < eye[1] + 0.02)] = np.array(outfit.hair) * 1.2 + 0.05
    colour[head & lips] = np.array(outfit.skin) * (0.86, 0.62, 0.62)
    for faces in model.eyes:
        ball = np.unique(faces)
        offset = model.vertices[ball] - model.vertices[ball].mean(axis=0)
        radius = float(np.linalg.norm(offset, axis=1).max())
        iris = (np.hypot(offset[:, 0], offset[:, 2]) < radius * 0.55) & (offset[:, 1] < 0)
        colour[ball] = (0.85, 0.83, 0.80)
        colour[ball[iris]] = (0.16, 0.10, 0.06)
    return colour


def _thickness(model: BodyModel, fields: _Fields, seed: int) -> Floats:
    """How far the cloth stands off the skin, [v] metres, with ripples."""
    z = model.vertices[:, 2]
    calf = np.clip((model.head("lowerleg01.L")[2] + 0.1 - z) / 0.3, 0, 1)
    thick = np.where(fields.hair > 0, 0.015, 0.0)
    thick = np.where(fields.trousers > 0, 0.010 + 0.010 * calf, thick)
    shod = fields.shoes > 0
    thick = np.where(shod, 0.006 * np.clip((z - model.sole) / 0.02, 0, 1), thick)
    thick = np.where(fields.shirt > 0, 0.014, thick)
    thick = _smoothed(thick, model.faces, rounds=2)
    random = np.random.default_rng(seed)
    wide, fine = random.normal(0, 16, 3), random.normal(0, 45, 3)
    folds = np.sin(model.vertices @ fine + 3 * np.sin(model.vertices @ wide))
    cloth = (fields.shirt > 0) | (fields.trousers > 0)
    rippled: Floats = thick + 0.0025 * folds * cloth
    return rippled


def _smoothed(values: Floats, faces: Integers, rounds: int) -> Floats:
    """Each value moved half-way to the mean of its neighbours on the mesh, `rounds` times."""
    pairs = np.concatenate((faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]))
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    count = len(values)
    degree = np.maximum(np.bincount(edges.ravel(), minlength=count), 1)
    for _ in range(rounds):
        sums = np.bincount(edges[:, 0], values[edges[:, 1]], count)
        sums += np.bincount(edges[:, 1], values[edges[:, 0]], count)
        values = 0.5 * values + 0.5 * sums / degree
    return values


def _hulls(model: BodyModel, vertices: Floats, shoes: Floats) -> list[Integers]:
    """Triangles of both shoes: the convex hull of each foot, which hides the toes."""
    used = np.zeros(len(vertices), bool)
    used[model.used] = True
    hulls = []
    for sign in (1, -1):
        foot = np.flatnonzero(used & (shoes > 0) & (model.vertices[:, 0] * sign > 0))
        triangles = foot[ConvexHull(vertices[foot]).simplices]
        first, second, third = (vertices[triangles[:, corner]] for corner in range(3))
        outward = (first + second + third) / 3 - vertices[foot].mean(axis=0)
        inside_out = (np.cross(second - first, third - first) * outward).sum(axis=1) < 0
        triangles[inside_out] = triangles[inside_out][:, ::-1]
        hulls.append(triangles)
    return hulls
