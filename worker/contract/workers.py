"""Faults of a worker itself, as its health is reported."""

from __future__ import annotations

from typing import Literal

Fault = Literal["models", "disk", "s3"]
FAULTS: tuple[Fault, ...] = ("models", "disk", "s3")
