"""Advice: for each code one sentence that says what to do, in every language."""

from __future__ import annotations

from worker.motion.form.texts.arms import ARMS
from worker.motion.form.texts.body import BODY
from worker.motion.form.texts.movement import MOVEMENT

TEXTS: dict[str, dict[str, str]] = {**BODY, **ARMS, **MOVEMENT}
"""By code without the exercise, then by language: en, fr, de, es, pt."""
