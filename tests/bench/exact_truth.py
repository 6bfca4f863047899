"""Where the joints are in the shipped clips, written by tests/synthetic/rendering/keypoints.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Exact:
    """The 17 joints [n, 17, 2] in pixels from the upper left corner of the picture; whether
    somebody hides each [n, 17]; pixels that the body covers [n]; its stature in pixels [n]; the
    joints of another who crosses [n, 17, 2], NaN where nobody does."""

    name: str
    places: Floats
    hides: NDArray[np.bool_]
    areas: Floats
    statures: Floats
    others: Floats

    @property
    def crossed(self) -> bool:
        """Whether others are in the picture at times."""
        return not bool(np.isnan(self.others).all())


def exact(path: Path) -> list[Exact]:
    """The truth of every clip; raises OSError where there is none."""
    with np.load(path, allow_pickle=False) as kept:
        names = [name.removesuffix(".places") for name in kept if name.endswith(".places")]
        return [_exact(kept, name) for name in names]


def _exact(kept: Mapping[str, NDArray[Any]], name: str) -> Exact:
    places = _summed(kept, f"{name}.places")
    others = np.full_like(places, np.nan)
    if f"{name}.others" in kept:
        others[kept[f"{name}.crossed"]] = _summed(kept, f"{name}.others")
    return Exact(
        name=name,
        places=places,
        hides=np.unpackbits(kept[f"{name}.hides"], axis=1, count=17).astype(bool),
        areas=kept[f"{name}.areas"].astype(np.float64),
        statures=kept[f"{name}.statures"].astype(np.float64),
        others=others,
    )


def _summed(kept: Mapping[str, NDArray[Any]], name: str) -> Floats:
    """Places [n, 17, 2] from their steps from frame to frame."""
    return np.cumsum(kept[name], axis=0, dtype=np.int64) / kept["steps"]
