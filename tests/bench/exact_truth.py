"""Where the joints are in the shipped clips, as tests/athlete/body_keypoints.py wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Exact:
    """The 17 joints [n, 17, 2] in pixels from the upper left corner of the picture; whether the
    body hides each [n, 17]; pixels that the body covers [n]; its stature in pixels."""

    name: str
    places: Floats
    hides: NDArray[np.bool_]
    areas: Floats
    stature: float


def exact(path: Path) -> list[Exact]:
    """The truth of every clip; raises OSError where there is none."""
    with np.load(path, allow_pickle=False) as kept:
        names = [name.removesuffix(".places") for name in kept if name.endswith(".places")]
        return [
            Exact(
                name=name,
                places=np.cumsum(kept[f"{name}.places"], axis=0, dtype=np.int64) / kept["steps"],
                hides=np.unpackbits(kept[f"{name}.hides"], axis=1, count=17).astype(bool),
                areas=kept[f"{name}.areas"].astype(np.float64),
                stature=float(kept[f"{name}.stature"]),
            )
            for name in names
        ]
