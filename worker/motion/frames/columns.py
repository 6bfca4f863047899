"""Arrays with a row for each frame, cut and joined together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Columns:
    """Base of dataclasses all of whose fields are arrays with a row for each of n frames; there is
    one field at least."""

    def __len__(self) -> int:
        return len(next(iter(vars(self).values())))

    def __getitem__(self, rows: slice | NDArray[Any]) -> Self:
        """The rows of a slice, of a mask [n] or of indices."""
        return type(self)(*(getattr(self, one.name)[rows] for one in fields(self)))

    def with_more(self, more: Self) -> Self:
        """These rows and `more`."""
        return type(self)(
            *(np.concatenate((getattr(self, f.name), getattr(more, f.name))) for f in fields(self))
        )
