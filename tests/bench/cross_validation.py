"""Strangers' clips, counted with numbers that were chosen on other people.

`python -m tests.bench.cross_validation BENCH [FOLDER...]` prints figures that are not fitted in the
numbers that decide counts: the clips are in five folds by subject, and for each fold every number
of GRIDS is chosen anew on the other four, in two rounds through coarse grids, once from all their
low ends on and once from their high ends. The fold's clips are then counted with the better choice.
What it cannot show: which measures an exercise watches, and which rules there are, was decided with
all the clips in view.

BENCH has `clips` and their `labels.json`. Poses are the kept ones of `make accuracy
ACCURACY=--strangers` (see `accuracy_poses`), or the `<clip>.poses` of each FOLDER where there is
one; numbers are chosen by all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import msgspec

from tests.bench.accuracy_poses import is_kept, log_path
from worker.contract.options import parse_options
from worker.contract.pose_log import END, split_log
from worker.contract.poses import decode_chunk, decode_head
from worker.exercises import EXERCISES
from worker.exercises.model import Condition, RepExercise
from worker.motion.features.measures import is_length
from worker.motion.reps import attempts, counter, cycles, fusion, judgement, rhythm
from worker.motion.reps.inspection import inspected
from worker.motion.reps.signals import Rows
from worker.pipeline.evaluation import Label, Outcome, figures_of, labels_of, outcome_of
from worker.pipeline.local_job import LocalJob

ROUNDS = 2
"""Passes through the numbers."""


@dataclass(frozen=True)
class Number:
    """A number by its name in `module` (in those of `also` too), and the values it may take."""

    module: ModuleType
    name: str
    grid: tuple[float, ...]
    also: tuple[ModuleType, ...] = ()


LEAST, LIMITS = "least", "limits"
"""Factor to the `least` of every exercise, and what its limits are moved outwards by: shares of
stature or of the shank, and hundreds of degrees."""

NUMBERS = (
    Number(cycles, "LEAST", (0.08, 0.12, 0.2), (counter,)),
    Number(cycles, "BREAK", (1.0, 1.5, 2.5)),
    Number(cycles, "NEAR", (0.05, 0.1, 0.2)),
    Number(judgement, "OWN", (0.4, 0.5, 0.6)),
    Number(judgement, "OPENING", (0.6, 0.7, 0.8)),
    Number(judgement, "RETURNED", (0.3, 0.45, 0.6)),
    Number(judgement, "OUTLYING", (0.0, 0.05, 0.1)),
    Number(attempts, "TWIN", (0.3, 0.5, 0.7)),
    Number(counter, "TOGETHER", (0.3, 0.5, 0.7)),
    Number(counter, "STRAY", (0.3, 0.5, 0.8)),
    Number(counter, "FAR", (0.7, 1.0, 1.5)),
    Number(counter, "UNLIKE", (2.0, 3.0, 4.0)),
    Number(attempts, "SEVERAL", (4, 5, 6), (counter,)),
    Number(attempts, "TEMPO", (2.0, 2.5, 3.0)),
    Number(attempts, "INTO_PLACE", (1.8, 2.2, 2.6)),
    Number(rhythm, "BEAT", (0.5, 0.6, 0.7)),
    Number(rhythm, "PERIODIC", (0.1, 0.2, 0.3)),
    Number(fusion, "STEADY", (0.15, 0.3, 0.6)),
    Number(fusion, "NOISE", (0.03, 0.06, 0.1)),
    Number(fusion, "FOLLOWS", (0.1, 0.25, 0.4)),
    Number(fusion, "STEEPEST", (1.5, 2.0, 3.0)),
    Number(fusion, "CLEAR", (0.15, 0.3, 0.5)),
    Number(fusion, "SHARE", (0.08, 0.15, 0.3)),
    Number(fusion, "REST", (0.05, 0.1, 0.2)),
)
GRIDS: dict[str, tuple[float, ...]] = {
    **{f"{one.module.__name__.rpartition('.')[2]}.{one.name}": one.grid for one in NUMBERS},
    LEAST: (0.8, 1.0, 1.2),
    LIMITS: (-0.02, 0.0, 0.02),
}
Choice = Mapping[str, float]
"""A value of each number, by its name in GRIDS."""


@dataclass(frozen=True)
class Clip:
    """A labelled clip of one fold, by the poses of one `source`: its `log`, and its rows."""

    label: Label
    fold: int
    source: str
    log: list[bytes]
    rows: Rows


@contextmanager
def chosen(choice: Choice) -> Iterator[None]:
    """Counts by `choice` while the context lasts."""
    before, exercises = [], dict(EXERCISES)
    for name, number in zip(GRIDS, NUMBERS, strict=False):
        for module in (number.module, *number.also):
            old = getattr(module, number.name)
            before.append((module, number.name, old))
            new = {**old, "normal": choice[name]} if isinstance(old, dict) else choice[name]
            setattr(module, number.name, new)
    for name, exercise in exercises.items():
        if isinstance(exercise, RepExercise):
            EXERCISES[name] = _varied(exercise, choice[LEAST], choice[LIMITS])
    try:
        yield
    finally:
        EXERCISES.update(exercises)
        for module, name, old in before:
            setattr(module, name, old)


def _varied(exercise: RepExercise, least: float, limits: float) -> RepExercise:
    def moved(one: Condition) -> Condition:
        share = is_length(one.measure) or one.measure == "thigh_share"
        out = limits if share else 100 * limits
        return replace(one, low=one.low - out, high=one.high + out)

    return replace(
        exercise,
        least=exercise.least * least,
        conditions=tuple(map(moved, exercise.conditions)),
        typical=tuple(map(moved, exercise.typical)),
    )


Loss = tuple[int, int]
"""Clips that are wrong, and by how much together, of which 3 is the most of one clip."""


def fitted(clips: Sequence[Clip]) -> dict[str, float]:
    """The choice that does best on `clips`."""
    ends = [{name: grid[end] for name, grid in GRIDS.items()} for end in (0, -1)]
    return min((_descended(clips, start) for start in ends), key=lambda found: found[1])[0]


def _descended(clips: Sequence[Clip], start: dict[str, float]) -> tuple[dict[str, float], Loss]:
    """A choice and its loss: one number after the other takes the value that does best, the middle
    one of those that do alike."""
    best, least = start, _loss(clips, start)
    for _ in range(ROUNDS):
        for name, grid in GRIDS.items():
            losses = {
                value: least if value == best[name] else _loss(clips, {**best, name: value})
                for value in grid
            }
            least = min(losses.values())
            alike = [value for value, loss in losses.items() if loss == least]
            best = {**best, name: alike[len(alike) // 2]}
    return best, least


def _loss(clips: Sequence[Clip], choice: Choice) -> Loss:
    with chosen(choice):
        errors = [clip.label.off(_count(clip)) for clip in clips]
    return sum(error > 0 for error in errors), sum(min(error, 3) for error in errors)


def _count(clip: Clip) -> int:
    exercise = EXERCISES[clip.label.exercise]
    assert isinstance(exercise, RepExercise)
    found = counter.count(exercise, "normal", clip.rows)
    return sum(attempt.reason is None for attempt in found.attempts)


def outcome(clip: Clip, choice: Choice) -> Outcome:
    """What a whole job on the clip counts by `choice`."""
    options = parse_options({"exercise": clip.label.exercise})
    with chosen(choice):
        job = LocalJob(None, options, _no_engine, recorded=clip.log)
        return outcome_of(clip.label, list(job.messages()))


def _no_engine() -> NoReturn:
    raise AssertionError("poses are known")


def clips_of(folder: Path, poses: Path | None = None) -> list[Clip]:
    """The clips of repetitions in a folder with a labels file, by the logs in `poses`, by the kept
    ones where it is None."""
    found, folds = [], folds_of(folder)
    for label in labels_of(folder / "labels.json"):
        clip, exercise = folder / "clips" / label.clip, EXERCISES[label.exercise]
        if not isinstance(exercise, RepExercise) or not clip.is_file():
            continue
        path = poses / f"{label.clip}.poses" if poses else log_path(clip, label.exercise)
        if path.is_file() if poses else is_kept(path):
            log = split_log(path.read_bytes())
            head, *chunks = (entry for entry in log if entry != END)
            rows, _ = inspected(decode_head(head), map(decode_chunk, chunks), exercise)
            source = poses.name if poses else "kept"
            found.append(Clip(label, folds[label.clip], source, log, rows))
    return found


def folds_of(folder: Path) -> dict[str, int]:
    """The fold of each clip of a folder with a labels file; all of a subject's are in one."""
    entries = msgspec.json.decode((folder / "labels.json").read_bytes(), type=list[dict[str, Any]])
    return {entry["clip"]: entry.get("fold", -1) for entry in entries}


def validated(clips: Sequence[Clip], say: Callable[[str], None]) -> dict[str, list[Outcome]]:
    """By source, what is counted of each clip by a choice that its fold had no part in."""
    folds = sorted({clip.fold for clip in clips})
    others = [[clip for clip in clips if clip.fold != fold] for fold in folds]
    with ProcessPoolExecutor(2) as pool:
        choices = dict(zip(folds, pool.map(fitted, others), strict=True))
    for name, grid in GRIDS.items():
        say(f"{name} {grid}: {', '.join(f'{choices[fold][name]:g}' for fold in folds)}")
    outcomes: dict[str, list[Outcome]] = {}
    for clip in clips:
        found = outcome(clip, choices[clip.fold])
        outcomes.setdefault(clip.source, []).append(found)
        if found.off:
            say(f"{clip.source} {clip.label.clip} {clip.label.exercise}: {found.count}")
    return outcomes


def main() -> None:
    """Prints the figures."""
    bench, *folders = map(Path, sys.argv[1:])
    clips = [clip for poses in folders for clip in clips_of(bench, poses)] or clips_of(bench)
    for source, outcomes in validated(clips, lambda text: print(text, flush=True)).items():
        print(source, figures_of(outcomes))


if __name__ == "__main__":
    main()
