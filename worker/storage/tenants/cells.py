"""Cells: several whole installations, each with its own Redis and S3, that share the tenants.

A tenant's cell follows from its name by rendezvous hashing (Thaler and Ravishankar, 1998): every
cell computes the same, and a cell that is added takes its share from each of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def cell_of(tenant: str, cells: Sequence[str]) -> str:
    """Returns the URL, of `cells`, of the installation that a new tenant belongs to."""
    return max(cells, key=lambda cell: hashlib.sha256(f"{cell}\0{tenant}".encode()).digest())
