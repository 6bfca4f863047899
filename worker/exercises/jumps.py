"""Vertical jumps: one told by its time in the air, one by how far the hips rise."""

from __future__ import annotations

from worker.exercises.model import JumpExercise

AIR_TIME_JUMP = JumpExercise(id="air_time_jump", by="air_time")
JUMP_ANALYSIS = JumpExercise(id="jump_analysis", by="hips")
