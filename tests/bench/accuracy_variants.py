"""Counts that must not change: strangers' pose logs with another rate, pace, view, noise, camera.

Each clip that is counted right is changed in ways that leave its count as it was. What breaks here
breaks on clips that nobody has labelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import is_kept, log_path
from worker.contract.exercises import CATALOGUE
from worker.contract.keypoints import FLIP
from worker.contract.options import JobOptions
from worker.contract.pose_log import END, split_log
from worker.contract.poses import LogHead, PoseChunk, decode_chunk, decode_head, quantised
from worker.motion.analysis import Analysis
from worker.pipeline.evaluation import Label, Outcome, labels_of, outcome_of

Joints = NDArray[np.float64]


@dataclass(frozen=True)
class Take:
    """A pose log in one piece: `times_us` [n], `joints` [n, 17, 3]."""

    head: LogHead
    times_us: NDArray[np.int64]
    joints: Joints
    state: dict[str, object]

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.head.media.fps

    def paced(self, times_us: NDArray[np.int64], joints: Joints, fps: float) -> Take:
        """The same with other frames."""
        lasts = float(times_us[-1] - times_us[0]) / 1000
        media = msgspec.structs.replace(self.head.media, fps=fps, duration_ms=lasts)
        head = msgspec.structs.replace(self.head, media=media)
        return replace(self, head=head, times_us=times_us, joints=joints)

    def moved(self, by: Joints) -> Take:
        """The same with each seen joint moved `by` [n, 17 or 1, 2] frame heights."""
        media = self.head.media
        joints, seen = self.joints.copy(), self.joints[..., 2:] > 0
        joints[..., :2] += np.where(seen, by * (media.height / media.width, 1.0), 0.0)
        return replace(self, joints=joints)


def read(path: Path) -> Take:
    """The log in a file."""
    first, *rest = (entry for entry in split_log(path.read_bytes()) if entry != END)
    chunks = [decode_chunk(entry) for entry in rest]
    state = {key: value for chunk in chunks for key, value in chunk.state.items() if key == "turn"}
    joints = np.concatenate([chunk.keypoints[..., :3] for chunk in chunks]).astype(np.float64)
    return Take(decode_head(first), np.concatenate([c.times_us for c in chunks]), joints, state)


def counted(take: Take, label: Label) -> Outcome:
    """What the system counts of it."""
    analysis = Analysis(take.head, JobOptions(exercise=label.exercise))
    joints, boxes = take.joints.astype(np.float32), np.zeros((len(take.joints), 4), np.float32)
    chunk = quantised(PoseChunk(0, 0, take.times_us, joints, boxes, take.state))
    return outcome_of(label, [*analysis.start(), *analysis.feed(chunk), *analysis.finish()])


def _thinned(take: Take) -> Take:
    every = max(1, round(take.fps / 8))
    return take.paced(take.times_us[::every], take.joints[::every], take.fps / every)


def _paced(factor: float) -> Callable[[Take], Take]:
    def change(take: Take) -> Take:
        times = (take.times_us / factor).astype(np.int64)
        return take.paced(times, take.joints, take.fps * factor)

    return change


def _mirrored(take: Take) -> Take:
    joints = take.joints[:, list(FLIP)].copy()
    joints[..., 0] = np.where(joints[..., 2] > 0, 1 - joints[..., 0], 0.0)
    return replace(take, joints=joints)


def _noisy(share: float) -> Callable[[Take], Take]:
    """Joints that tremble by `share` of the trunk and leg, seen from wherever."""

    def change(take: Take) -> Take:
        media = take.head.media
        places = take.joints[..., :2] * (media.width / media.height, 1.0)
        chain = np.linalg.norm(np.diff(places[:, [6, 12, 14, 16]], axis=1), axis=2).sum(axis=1)
        size = float(np.percentile(chain, 85)) * share
        return take.moved(np.random.default_rng(7).normal(0, size, (len(places), 17, 2)))

    return change


def _hidden(joints: Sequence[int]) -> Callable[[Take], Take]:
    def change(take: Take) -> Take:
        hidden = take.joints.copy()
        hidden[:, joints, 2] = np.minimum(hidden[:, joints, 2], 0.05)
        return replace(take, joints=hidden)

    return change


def _drifting(take: Take) -> Take:
    seconds = take.times_us * 1e-6
    away = np.stack((0.03 * np.sin(seconds / 1.4), 0.02 * np.sin(seconds / 2.1)), axis=1)
    return take.moved(away[:, None])


def _zooming(take: Take) -> Take:
    nearer = np.linspace(1.0, 1.2, len(take.joints))[:, None, None]
    joints, seen = take.joints.copy(), take.joints[..., 2:] > 0
    joints[..., :2] = np.where(seen, 0.5 + (joints[..., :2] - 0.5) * nearer, 0.0)
    return replace(take, joints=joints)


VARIANTS: dict[str, Callable[[Take], Take]] = {
    "8 frames a second": _thinned,
    "at 0.6 of the pace": _paced(0.6),
    "at 1.6 of the pace": _paced(1.6),
    "mirrored": _mirrored,
    "joints tremble by 1 %": _noisy(0.01),
    "joints tremble by 2 %": _noisy(0.02),
    "left side hidden": _hidden(range(1, 17, 2)),
    "right side hidden": _hidden(range(2, 17, 2)),
    "feet hidden": _hidden((15, 16)),
    "head hidden": _hidden(range(5)),
    "camera drifts by 3 %": _drifting,
    "zooms in by 20 %": _zooming,
}


def measured(shared: Path, say: Callable[[str], None]) -> str:
    """The part of the report; empty where no poses of the clips are kept."""
    folder = shared / "media" / "bench"
    right: list[tuple[Label, Take]] = []
    for label in labels_of(folder / "labels.json") if folder.is_dir() else []:
        kept = log_path(folder / "clips" / label.clip, label.exercise)
        if CATALOGUE[label.exercise].kind == "reps" and is_kept(kept):
            take = read(kept)
            if counted(take, label).off == 0:
                right.append((label, take))
    if not right:
        return ""
    lines = [
        "## Changed clips\n",
        f"{len(right)} strangers' clips that are counted right, changed so that the count stays.\n",
        "| | right | wrong |\n|---|---|---|",
    ]
    for name, change in VARIANTS.items():
        off = [label.clip for label, take in right if counted(change(take), label).off]
        lines.append(f"| {name} | {1 - len(off) / len(right):.3f} | {len(off)} |")
        say(f"{name}: wrong {len(off)} of {len(right)}")
    return "\n".join(lines) + "\n"
