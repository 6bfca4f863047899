"""What the criteria are called, in every language."""

from __future__ import annotations

from worker.exercises.names import name_table

CRITERION_NAMES = name_table("worker.motion.form.texts")
"""By the name of a criterion, then by language; those of a reference movement too."""
