"""Counting and scoring repetitions and holds."""
