"""Whom the tracker follows, against boxes marked by hand: ACCURACY.md, part `tracking`.

`tracking_marks.json` has the box of who exercises every two seconds of 20 clips of
`../shared/media/bench` (x0, y0, x1, y1 as shares of the picture, read off a grid to about 0.02).
They were chosen for being hard: several people, parts of a body, cuts, mirrors, fades.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.accuracy_poses import engine, log_path, messages_of
from worker.contract.pose_log import END, split_log
from worker.contract.poses import PoseChunk, decode_chunk
from worker.media.decoding.video import decode
from worker.media.probing.probe import probe
from worker.pose.detectors.nanodet import SURE
from worker.pose.engine import MAX_SIDE
from worker.pose.geometry.boxes import Boxes, covered, iou
from worker.pose.tracking.box_interpolation import KEYFRAME_S

MARKS = Path(__file__).with_name("tracking_marks.json")
HOLDS = 0.5
"""Overlap (IoU) with the marked box from which a box holds the subject."""
ON = 0.5
"""Share of one of the two boxes inside of the other from which a box is on the subject at all."""
LOST_S = 0.5
"""Seconds for which a subject may be lost while the detector sees somebody."""


@dataclass
class Tracked:
    """Poses and boxes of one clip: `times` [n] in seconds, `boxes` [n, 4] (0-1), zeros for none."""

    times: NDArray[np.float64]
    boxes: Boxes

    @classmethod
    def of(cls, chunks: list[PoseChunk]) -> Tracked:
        """All chunks of a log."""
        times = np.concatenate([chunk.times_us for chunk in chunks]) / 1e6
        return cls(times, np.concatenate([chunk.boxes for chunk in chunks]))

    def at(self, second: float) -> Boxes | None:
        """The box at the frame nearest to a time, None where there is none."""
        box = self.boxes[int(np.argmin(np.abs(self.times - second)))]
        return box if box.any() else None

    def gaps(self) -> Iterator[tuple[float, float]]:
        """Begin and end of each time without a box that is longer than LOST_S."""
        for lost, rows in groupby(
            range(len(self.times)), key=lambda row: not self.boxes[row].any()
        ):
            whole = list(rows)
            begin, end = self.times[whole[0]], self.times[whole[-1]]
            if lost and end - begin > LOST_S:
                yield float(begin), float(end)


def tracked(clip: Path, exercise: str = "squat") -> Tracked:
    """What is kept of a clip, estimated where nothing is."""
    messages_of(clip, exercise)
    entries = split_log(log_path(clip, exercise).read_bytes())
    return Tracked.of([decode_chunk(entry) for entry in entries[1:] if entry != END])


def seconds_seen(clip: Path, begin: float, end: float) -> float:
    """Of the time in which nobody was followed, how long the detector surely sees somebody."""
    seen, last = 0.0, begin
    with decode(clip, probe(clip), max_side=MAX_SIDE, max_fps=1 / KEYFRAME_S) as frames:
        for frame in frames:
            time = frame.time_us / 1e6
            if begin <= time <= end:
                scores = engine().people(frame.image).scores
                seen += (time - last) * bool(len(scores) and scores.max() >= SURE)
                last = time
    return seen


def text_of(shared: Path, say: Callable[[str], None]) -> str:
    """The part of the report, empty where the clips are not here."""
    folder = shared / "media" / "bench" / "clips"
    marks = json.loads(MARKS.read_text())
    if not folder.is_dir():
        return ""
    holds = on = lost = switches = total = 0
    rows = [
        "| clip | marks | hold | on the subject | lost | switches |",
        "|---|---|---|---|---|---|",
    ]
    for name, boxes in marks.items():
        log = tracked(folder / name)
        found = [(log.at(float(t)), np.array(box, np.float32)) for t, box in boxes.items()]
        good = [b is not None and float(iou(b, m[None])[0]) >= HOLDS for b, m in found]
        near = [b is not None and max(covered(b, m), covered(m, b)) >= ON for b, m in found]
        none = sum(box is None for box, _ in found)
        known = [n for n, (box, _) in zip(near, found, strict=True) if box is not None]
        turns = sum(one and not other for one, other in pairwise(known))
        rows.append(f"| {name} | {len(found)} | {sum(good)} | {sum(near)} | {none} | {turns} |")
        total, holds, on = total + len(found), holds + sum(good), on + sum(near)
        lost, switches = lost + none, switches + turns
        say(f"tracking {name}: {sum(good)}/{len(found)}")
    gaps = list(_gaps(folder, say))
    return "\n".join(
        [
            "## Tracking", "",
            f"Of {total} boxes marked by hand in {len(marks)} hard clips, the tracker's box holds "
            f"{holds} (IoU {HOLDS} or more: {holds / total:.3f}) and is on the subject in {on} "
            f"({on / total:.3f}); in {lost} there is none; {switches} changes to somebody else.",
            f"Of all clips of the bench, {len(gaps)} lose everybody for longer than {LOST_S} s "
            "while the detector surely sees somebody: " + (", ".join(gaps) or "none") + ".", "",
            *rows,
        ]
    ) + "\n"  # fmt: skip


def _gaps(folder: Path, say: Callable[[str], None]) -> Iterator[str]:
    for clip in sorted(folder.iterdir()):
        for begin, end in tracked(clip).gaps():
            if (seen := seconds_seen(clip, begin, end)) > LOST_S:
                say(f"tracking {clip.name}: lost for {seen:.1f} s from {begin:.1f} s")
                yield f"{clip.stem} ({seen:.1f} s from {begin:.1f} s)"
