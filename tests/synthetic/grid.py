"""The athlete grid: every rep exercise x its views x tempi x frame rates, mild noise, dropouts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tests.synthetic.analysis import analyse
from tests.synthetic.perform import Camera, Script
from worker.contract.exercises import CATALOGUE

YAWS = {"any": (0.0, 45.0, 90.0, -90.0), "front": (0.0, 20.0), "side": (90.0, -70.0)}
PACES = (0.7, 1.0, 2.0)
RATES = (15.0, 30.0, 60.0)
TEMPO = (0.9, 0.1, 0.8, 0.5)
IN_TURN = frozenset({"lunge", "side_lunge", "high_knees", "mountain_climber"})
LOW = frozenset(
    {
        "push_up", "glute_bridge", "leg_raise", "mountain_climber", "tricep_dip", "sit_up",
        "bench_press",
    }
)  # fmt: skip
HEIGHTS = {**dict.fromkeys(LOW, 0.6), "pull_up": 1.3}
"""Metres of the camera over the floor, where it is not 1: the subject fills the picture."""


@dataclass(frozen=True)
class Cell:
    """One performance of the grid; `pace` stretches every phase of a rep."""

    exercise: str
    yaw: float
    pace: float
    fps: float

    def script(self, reps: int, seed: int) -> Script:
        """What is performed: 8 mm of noise a joint, 5 % of frames lost."""
        out, hold, back, rest = (self.pace * part for part in TEMPO)
        return Script(
            move=self.exercise, depths=(1.0,) * reps, seconds=(out, hold, back, rest),
            fps=self.fps, noise=0.008, dropout=0.05, alternate=self.exercise in IN_TURN, seed=seed,
            camera=Camera(yaw=self.yaw, height=HEIGHTS.get(self.exercise, 1.0)),
        )  # fmt: skip


def cells() -> list[Cell]:
    """The whole grid."""
    exercises = [entry for entry in CATALOGUE.values() if entry.kind == "reps"]
    return [
        Cell(entry.id, yaw, pace, fps)
        for entry in exercises
        for yaw, pace, fps in itertools.product(YAWS[entry.view], PACES, RATES)
    ]


@dataclass(frozen=True)
class Shares:
    """Shares of exact counts and of counts at most one off, and the cells that are not exact."""

    exact: float
    off_by_one: float
    wrong: tuple[tuple[Cell, int], ...]


def counted(chosen: Sequence[Cell], reps: int = 5, seed: int = 0) -> Shares:
    """How the cells are counted."""
    counts = [analyse(cell.script(reps, seed + n))[1].result.count for n, cell in enumerate(chosen)]
    wrong = [(cell, count) for cell, count in zip(chosen, counts, strict=True) if count != reps]
    near = sum(abs(count - reps) <= 1 for count in counts)
    return Shares(1 - len(wrong) / len(chosen), near / len(chosen), tuple(wrong))
