"""Grades of a form score."""

from __future__ import annotations

from typing import Literal

Grade = Literal["A", "B", "C", "D", "F"]

FLOORS: tuple[tuple[Grade, float], ...] = (("A", 90.0), ("B", 80.0), ("C", 70.0), ("D", 60.0))
"""Lowest score of each grade, best first; below the last one the grade is F."""


def grade_of(score: float) -> Grade:
    """The grade of a form score of 0-100."""
    for grade, floor in FLOORS:
        if score >= floor:
            return grade
    return "F"


CLASSIC_E = 40.0
"""Lowest score of the grade E, which only the classic edition has, between D and F."""


def classic_grade(grade: Grade, score: float) -> str:
    """The letter that classic clients read for a grade of a score of 0-100."""
    return "E" if grade == "F" and score >= CLASSIC_E else grade


def floor_of(grade: str) -> float:
    """The lowest score that earns `grade` (A-D, any case); raises KeyError for another letter."""
    return dict(FLOORS)[grade.upper()]  # type: ignore[index]
