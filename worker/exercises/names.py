"""What people call the exercises, by language; the upload page says the same."""

from __future__ import annotations

import csv
from importlib.resources import files


def name_table(package: str) -> dict[str, dict[str, str]]:
    """The table `names.csv` of a package: names by id, then by language."""
    text = files(package).joinpath("names.csv").read_text("utf-8")
    return {row.pop("id"): row for row in csv.DictReader(text.splitlines())}


NAMES = name_table("worker.exercises")
"""By id of the exercise."""
