"""Content of report and poster: totals, advice, angle curves, the best and weakest moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.contract.exercises import AUTO, unit_of
from worker.contract.jobs import Result
from worker.contract.jump_messages import JumpSummary
from worker.contract.keypoints import INDEX
from worker.contract.media import MediaInfo
from worker.contract.message_parts import Rep
from worker.contract.messages import Entry, ExerciseSummary, Recommendations
from worker.contract.options import JobOptions
from worker.contract.poses import LogHead, PoseChunk, coco_joints
from worker.contract.reference_poses import ReferencePoses
from worker.exports.focus import worst_fault
from worker.exports.pose_log import Log, read_log
from worker.motion.analysis import Analysis
from worker.motion.pose_messages import joint_angles

POINTS = 400
"""Points of a curve: more cannot be told apart on a page, however long the clip."""

_SURE = 0.3  # joint scores below it: the angle is left out
_MOST_ADVICE = 3


@dataclass(frozen=True)
class KeyFrame:
    """A frame to show: its media time, its pose float32 [n, 3 or more], and its rep."""

    time_us: int
    pose: NDArray[np.float32]
    rep: Rep | None = None


@dataclass
class Highlights:
    """What a report shows. `angles` float64 [POINTS, 8] are in degrees, in the order of
    `joint_angles`, NaN where a joint was not seen, at equal intervals of the media. `best` and
    `weakest` are of counted reps; without reps `best` is the highest frame of a jump, or else the
    clearest frame. `judged_as` is the exercise whose criteria the reps were judged by."""

    media: MediaInfo
    result: Result
    summary: ExerciseSummary | None
    jumps: JumpSummary | None
    advice: list[str]
    angles: NDArray[np.float64]
    best: KeyFrame | None = None
    weakest: KeyFrame | None = None
    judged_as: str | None = None


@dataclass
class _Heard:
    """Messages of the analysis that the highlights need."""

    summary: ExerciseSummary | None = None
    jumps: JumpSummary | None = None
    advice: Counter[str] = field(default_factory=Counter)

    def take(self, entries: list[Entry]) -> None:
        for entry in entries:
            message = entry.message
            if isinstance(message, ExerciseSummary):
                self.summary = message
            elif isinstance(message, JumpSummary):
                self.jumps = message
            elif isinstance(message, Recommendations):
                self.advice.update(message.data)


class _Curves:
    """Joint angles averaged over POINTS equal intervals of the media."""

    def __init__(self, media: MediaInfo) -> None:
        self._media = media
        self._sum = np.zeros((POINTS, 8))
        self._count = np.zeros((POINTS, 8))

    def take(self, chunk: PoseChunk) -> None:
        joints = coco_joints(chunk.keypoints)
        degrees, scores = joint_angles(joints, self._media.width, self._media.height)
        places = (chunk.times_us / max(self._media.duration_ms * 1000, 1) * POINTS).astype(int)
        places = places.clip(0, POINTS - 1)
        seen = scores >= _SURE
        np.add.at(self._sum, places, np.where(seen, degrees, 0))
        np.add.at(self._count, places, seen)

    def means(self) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            means: NDArray[np.float64] = self._sum / self._count
        return means


def collect_highlights(
    log: Log, options: JobOptions, reference: ReferencePoses | None = None
) -> Highlights:
    """The highlights of a whole log; memory does not grow with its length."""
    head, chunks = read_log(log)
    asked = msgspec.structs.replace(
        options, keypoints=False, angles=False, progression=False, recommendations=True
    )
    analysis, heard, curves = Analysis(head, asked, reference), _Heard(), _Curves(head.media)
    analysis.start()
    aloft: set[int] = set()
    jumping = unit_of(options.exercise) == "jumps"
    for chunk in chunks:
        heard.take(analysis.feed(chunk))
        shown = analysis.take_hud()
        if jumping:
            aloft.update(one.time_us for one in shown if one.progress > 0)
        curves.take(chunk)
    heard.take(analysis.finish())
    story = Highlights(
        media=head.media,
        result=analysis.result,
        summary=heard.summary,
        jumps=heard.jumps,
        advice=[text for text, _ in heard.advice.most_common(_MOST_ADVICE)],
        angles=curves.means(),
        judged_as=_judged_as(options, heard.summary, reference),
    )
    _find_moments(story, log, head, aloft)
    return story


def _judged_as(
    options: JobOptions, summary: ExerciseSummary | None, reference: ReferencePoses | None
) -> str | None:
    if reference is not None:
        return reference.exercise
    if options.exercise == AUTO:
        return summary.exercise if summary is not None else None
    return options.exercise


def _find_moments(story: Highlights, log: Log, head: LogHead, aloft: set[int]) -> None:
    counted = [rep for rep in story.summary.history if rep.counted] if story.summary else []
    if not counted:
        story.best = (aloft and _top(log, lambda chunk: _heights(chunk, aloft))) or _clearest(log)
        return
    best = max(counted, key=lambda rep: rep.formScore)
    weakest = min(counted, key=lambda rep: rep.formScore)
    found = _turning_points(log, head, [best, weakest])
    story.best = found[0] or _clearest(log)
    # equal rounded scores are no difference
    story.weakest = found[1] if round(weakest.formScore) < round(best.formScore) else None


def _turning_points(log: Log, head: LogHead, reps: list[Rep]) -> list[KeyFrame | None]:
    """For each rep, the frame of its worst fault, else the one whose pose is farthest from that of
    the rep's first frame."""
    size = np.array((head.media.width, head.media.height), np.float64)
    faults = [worst_fault(rep) for rep in reps]
    firsts: list[Any] = [None] * len(reps)
    most = [-np.inf] * len(reps)
    found: list[KeyFrame | None] = [None] * len(reps)
    for chunk in read_log(log)[1]:
        for place, (rep, fault) in enumerate(zip(reps, faults, strict=True)):
            for row in _rows_within(chunk, rep):
                time, pose = int(chunk.times_us[row]), chunk.keypoints[row]
                if firsts[place] is None:
                    firsts[place] = pose
                if fault is not None and fault.atMs is not None:
                    shown = -abs(time / 1000 - fault.atMs)
                else:
                    shown = _distance(firsts[place], pose, size)
                if shown > most[place]:
                    most[place] = shown
                    found[place] = KeyFrame(time, pose, rep)
    return found


def _rows_within(chunk: PoseChunk, rep: Rep) -> list[int]:
    times = chunk.times_us
    inside = (times >= rep.startMs * 1000) & (times <= rep.endMs * 1000) & (chunk.scores > 0)
    rows: list[int] = np.flatnonzero(inside).tolist()
    return rows


def _distance(first: NDArray[np.float32], pose: NDArray[np.float32], size: Any) -> float:
    """Mean distance of the joints of two poses in pixels, weighted by the lower of their scores."""
    both = np.minimum(first[:, 2], pose[:, 2])
    ways = np.linalg.norm((pose[:, :2] - first[:, :2]) * size, axis=1)
    return float((ways * both).sum() / max(float(both.sum()), 1e-6))


def _clearest(log: Log) -> KeyFrame | None:
    """The frame with the highest mean joint score."""
    return _top(log, lambda chunk: chunk.scores)


def _heights(chunk: PoseChunk, aloft: set[int]) -> NDArray[np.float32]:
    """Height of the hips in each frame: 1 at the lower edge, 2 at the upper; 0 on the ground."""
    hips = coco_joints(chunk.keypoints)[:, [INDEX["left_hip"], INDEX["right_hip"]]]
    flying = np.array([time in aloft for time in chunk.times_us.tolist()]) & (chunk.scores > 0)
    heights: NDArray[np.float32] = np.where(flying, 2 - hips[..., 1].mean(axis=1), np.float32(0))
    return heights


def _top(log: Log, value: Callable[[PoseChunk], NDArray[np.float32]]) -> KeyFrame | None:
    """The frame with the greatest value; None where all are 0."""
    best, moment = 0.0, None
    for chunk in read_log(log)[1]:
        values = value(chunk)
        row = int(values.argmax())
        if values[row] > best:
            best = float(values[row])
            moment = KeyFrame(int(chunk.times_us[row]), chunk.keypoints[row])
    return moment
