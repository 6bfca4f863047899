"""Advice and the criteria's names, in every language: two tables, a row each."""

from __future__ import annotations

from worker.exercises.names import text_table

TEXTS = text_table("worker.motion.form", "advice.csv")
"""By code without the exercise, then by language: one sentence that says what to do."""

CRITERION_NAMES = text_table("worker.motion.form", "criterion_names.csv")
"""By the name of a criterion, then by language; those of a reference movement too."""
