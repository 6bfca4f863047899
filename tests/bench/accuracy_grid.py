"""The kinematic athlete's grid: exercises in their views, tempi and frame rates; jump heights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.filming import FILMINGS, filmed, told
from tests.synthetic.grid import LOW, PACES, RATES, YAWS
from tests.synthetic.grid import Cell as Grid
from tests.synthetic.grid import cells as rep_cells
from tests.synthetic.jumps import JumpScript, perform_jumps
from tests.synthetic.moves import MOVES
from tests.synthetic.perform import Camera, Script
from worker.contract.exercises import CATALOGUE
from worker.contract.jump_messages import JumpSummary
from worker.contract.options import JobOptions

REPS, HOLD_S = 5, 6.0
NOISE_M, DROPOUT = 0.008, 0.05
"""Those of `tests.synthetic.grid`."""
JUMPS = 4
"""Jumps of each height, view and rate."""
HEIGHTS = tuple(0.1 * step for step in range(1, 9))
STATURE_CM = 175.0
_NOTHING = ("standing", "walking")


@dataclass(frozen=True)
class Cell:
    """One performance of the grid; `exercise` is what it is analysed as."""

    move: str
    exercise: str
    yaw: float
    pace: float
    fps: float


@dataclass(frozen=True)
class JumpCell:
    """One jump of the grid: height in metres; heel rise and rolling differ by `seed`."""

    exercise: str
    height: float
    yaw: float
    fps: float
    seed: int


@dataclass(frozen=True)
class GridFigures:
    """Each cell with its truth and count; each way of filming with a cell, its truth and count;
    each jump with its true and measured cm (or none)."""

    counts: tuple[tuple[Cell, float, int], ...]
    filmings: tuple[tuple[str, Grid, int, int], ...]
    jumps: tuple[tuple[JumpCell, float, float | None], ...]

    def text(self) -> str:
        """The grid's part of the report."""
        lines = [
            "## Athlete grid\n",
            f"{REPS} reps (holds {HOLD_S:.0f} s) of each exercise x views x pace {PACES} x "
            f"{RATES} fps, noise {1000 * NOISE_M:.0f} mm, {DROPOUT:.0%} of frames lost.\n",
            "| exercise | cells | exact | off by one | MAE | not exact (yaw/pace/fps: count) |",
            "|---|---|---|---|---|---|",
        ]
        names = dict.fromkeys((cell.exercise, cell.move) for cell, _, _ in self.counts)
        moves = [name for name in names if name[1] not in _NOTHING]
        own = [row for row in self.counts if row[0].move not in _NOTHING]
        lines += [_count_row(name, self._of(name, move)) for name, move in moves]
        lines.append(_count_row("**all**", own, faults=False))
        for move in _NOTHING:
            rows = [row for row in self.counts if row[0].move == move]
            lines.append(_count_row(f"{move}, as any of them", rows))
        return "\n".join([*lines, "", *self._filming_lines(), "", *self._jump_lines(), ""])

    def _of(self, exercise: str, move: str) -> list[tuple[Cell, float, int]]:
        return [row for row in self.counts if (row[0].exercise, row[0].move) == (exercise, move)]

    def _filming_lines(self) -> list[str]:
        lines = [
            "The same at pace 1 and 30 fps, performed and filmed in other ways "
            "(`tests/synthetic/filming.py`):\n",
            "| filmed | cells | exact | off by one | not exact (yaw: count) |",
            "|---|---|---|---|---|",
        ]
        lines += [
            _filming_row(name, [row for row in self.filmings if row[0] == name])
            for name in dict.fromkeys(row[0] for row in self.filmings)
        ]
        return [*lines, _filming_row("**all**", self.filmings)]

    def _jump_lines(self) -> list[str]:
        lines = [
            "| jumps of 10-80 cm | fps | n | missed | RMSE, cm | bias, cm | limits of agreement, cm"
            " | RMSE of the height, % | worst, % |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        kinds = dict.fromkeys((cell.exercise, cell.fps) for cell, _, _ in self.jumps)
        for exercise, fps in kinds:
            rows = [r for r in self.jumps if (r[0].exercise, r[0].fps) == (exercise, fps)]
            lines.append(_jump_row(exercise, fps, rows))
        return lines


def _count_row(name: str, rows: Sequence[tuple[Cell, float, int]], *, faults: bool = True) -> str:
    errors = np.array([abs(count - truth) for _, truth, count in rows])
    # a hold counts whole seconds, and where the pose begins is a judgement
    slack = np.array([1.5 if _is_hold(cell) else 0.0 for cell, _, _ in rows])
    truths = np.array([max(truth, 1.0) for _, truth, _ in rows])
    missed = [
        f"{cell.exercise + ' ' if cell.move in _NOTHING else ''}"
        f"{cell.yaw:.0f}/{cell.pace:g}/{cell.fps:.0f}: {count}"
        for (cell, _, count), error, allowed in zip(rows, errors, slack, strict=True)
        if error > allowed
    ]
    shown = "; ".join(missed[:8]) + (f"; {len(missed) - 8} more" if len(missed) > 8 else "")
    return (
        f"| {name} | {len(rows)} | {(errors <= slack).mean():.3f} "
        f"| {(errors <= slack + 1).mean():.3f} | {(errors / truths).mean():.3f} "
        f"| {shown if faults else ''} |"
    )


def _filming_row(name: str, rows: Sequence[tuple[str, Grid, int, int]]) -> str:
    errors = np.array([abs(count - truth) for _, _, truth, count in rows])
    wrong = [
        f"{cell.exercise} {cell.yaw:.0f}: {count}"
        for (way, cell, truth, count) in rows
        if count != truth and way == name
    ]
    return (
        f"| {name} | {len(rows)} | {(errors == 0).mean():.3f} | {(errors <= 1).mean():.3f} "
        f"| {'; '.join(wrong)} |"
    )


def _jump_row(
    exercise: str, fps: float, rows: Sequence[tuple[JumpCell, float, float | None]]
) -> str:
    pairs = [(true, value) for _, true, value in rows if value is not None]
    missed = len(rows) - len(pairs)
    if not pairs:
        return f"| {exercise} | {fps:.0f} | {len(rows)} | {missed} | | | | | |"
    true, value = np.array(pairs).T
    errors = value - true
    bias, spread = errors.mean(), 1.96 * errors.std(ddof=1)
    rmse, share = np.sqrt((errors**2).mean()), np.sqrt(((errors / true) ** 2).mean())
    worst = np.abs(errors / true).max()
    return (
        f"| {exercise} | {fps:.0f} | {len(rows)} | {missed} | {rmse:.2f} | {bias:+.2f} "
        f"| {bias - spread:+.2f} to {bias + spread:+.2f} | {100 * share:.1f} | {100 * worst:.1f} |"
    )


def _is_hold(cell: Cell) -> bool:
    return CATALOGUE[cell.exercise].kind == "hold" and cell.move not in _NOTHING


def cells(*, quick: bool) -> list[Cell]:
    """Every performance; with `quick` at one pace and rate."""
    paces, rates = ((1.0,), (30.0,)) if quick else (PACES, RATES)
    grid = [Cell(c.exercise, c.exercise, c.yaw, c.pace, c.fps) for c in rep_cells()]
    names = list(dict.fromkeys(cell.exercise for cell in grid))
    holds = [entry.id for entry in CATALOGUE.values() if entry.kind == "hold" and entry.id in MOVES]
    grid += [
        Cell(name, name, yaw, 1.0, fps)
        for name in holds
        for yaw in YAWS[CATALOGUE[name].view]
        for fps in RATES
    ]
    grid += [
        Cell(move, name, yaw, 1.0, 30.0)
        for move in _NOTHING
        for name in (*names, *holds)
        for yaw in YAWS[CATALOGUE[name].view]
    ]
    return [cell for cell in grid if cell.pace in paces and cell.fps in rates]


def filming_cells(*, quick: bool) -> list[tuple[str, Grid]]:
    """Every way of filming with every exercise in two of its views; with `quick` in one."""
    views = {(c.exercise, c.yaw): c for c in rep_cells() if (c.pace, c.fps) == (1.0, 30.0)}
    ends = {name: [yaw for exercise, yaw in views if exercise == name] for name, _ in views}
    chosen = [
        views[name, yaw] for name, yaws in ends.items() for yaw in yaws[:: len(yaws) - 1 or 1]
    ]
    chosen = chosen[::2] if quick else chosen
    return [(way, cell) for way, f in FILMINGS.items() for cell in chosen if f.suits(cell)]


def perform_filming(way: str, cell: Grid, seed: int) -> tuple[str, Grid, int, int]:
    """The way of filming, the cell, its truth and the count."""
    head, chunk = filmed(cell.script(REPS, seed), FILMINGS[way])
    _, analysis = entries_of(head, [chunk], JobOptions(exercise=cell.exercise))
    return way, cell, told(cell, FILMINGS[way], REPS), analysis.result.count


def jump_cells(*, quick: bool) -> list[JumpCell]:
    """Every jump, with a heel rise of its own; with `quick` one of two heights from the front."""
    heights = (0.2, 0.5) if quick else HEIGHTS
    yaws = (0.0,) if quick else (0.0, 20.0, 90.0)
    return [
        JumpCell(exercise, height, yaw, fps, int(1000 * height + yaw) + 1000 * again)
        for again in range(1 if quick else JUMPS)
        for exercise in ("air_time_jump", "jump_analysis")
        for fps in (30.0, 60.0)
        for height in heights
        for yaw in yaws
        # beside the plane of the picture, a scale from the standing height is only near by
        if exercise == "air_time_jump" or yaw <= 20.0
    ]


def _script(cell: Cell, seed: int) -> Script:
    if cell.move not in _NOTHING and not _is_hold(cell):
        return Grid(cell.exercise, cell.yaw, cell.pace, cell.fps).script(REPS, seed)
    return Script(
        move=cell.move,
        depths=(1.0,) * (1 if _is_hold(cell) else REPS),
        seconds=(0.9, HOLD_S if _is_hold(cell) else 0.1, 0.8, 0.5),
        fps=cell.fps,
        noise=NOISE_M,
        dropout=DROPOUT,
        seed=seed,
        camera=Camera(yaw=cell.yaw, height=0.6 if cell.move in LOW | {"plank"} else 1.0),
    )


def perform_cell(cell: Cell, seed: int) -> tuple[Cell, float, int]:
    """The cell, its truth (reps, or seconds) and the count."""
    count = analyse(_script(cell, seed), cell.exercise)[1].result.count
    if cell.move in _NOTHING:
        return cell, 0.0, count
    return cell, HOLD_S if _is_hold(cell) else float(REPS), count


def perform_jump(cell: JumpCell) -> tuple[JumpCell, float, float | None]:
    """The cell, the true height and the one measured in cm."""
    seen = Script(fps=cell.fps, noise=NOISE_M / 2, camera=Camera(yaw=cell.yaw), seed=cell.seed)
    head, chunk, truths = perform_jumps(JumpScript(heights=(cell.height,), seen=seen))
    by_rise = cell.exercise == "jump_analysis"
    options = JobOptions(exercise=cell.exercise, userHeightCm=STATURE_CM if by_rise else None)
    entries, _ = entries_of(head, [chunk], options)
    true = 100 * (truths[0].hip_rise if by_rise else truths[0].height)
    found = [entry.message for entry in entries if isinstance(entry.message, JumpSummary)]
    jumps = found[0].jumps if found else ()
    return cell, true, jumps[0].jumpHeightCm if len(jumps) == 1 else None


def measure_grid(*, quick: bool, processes: int, say: Callable[[str], None]) -> GridFigures:
    """Performs the whole grid."""
    chosen = cells(quick=quick)
    say(f"grid of {len(chosen)} performances")
    with ProcessPoolExecutor(processes) as pool:
        counts = tuple(pool.map(perform_cell, chosen, range(len(chosen)), chunksize=8))
        ways = filming_cells(quick=quick)
        say(f"grid of {len(ways)} ways of filming")
        names, filmed_cells = zip(*ways, strict=True)
        filmings = tuple(
            pool.map(perform_filming, names, filmed_cells, range(len(ways)), chunksize=8)
        )
        say(f"grid of {len(jump_cells(quick=quick))} jumps")
        jumps = tuple(pool.map(perform_jump, jump_cells(quick=quick), chunksize=4))
    return GridFigures(counts, filmings, jumps)
