"""What people call the exercises, by language; the upload page says the same."""

from __future__ import annotations

import csv
from importlib.resources import files


def text_table(package: str, file: str) -> dict[str, dict[str, str]]:
    """The table `file` of a package: texts by id, then by language."""
    text = files(package).joinpath(file).read_text("utf-8")
    return {row.pop("id"): row for row in csv.DictReader(text.splitlines())}


NAMES = text_table("worker.exercises", "names.csv")
"""By id of the exercise."""
