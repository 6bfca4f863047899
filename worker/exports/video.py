"""The overlay video of a job, drawn from its pose log."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from worker.contract.exercises import unit_of
from worker.contract.media import AudioLoss
from worker.contract.message_parts import Rep
from worker.contract.messages import ExerciseSummary
from worker.contract.options import JobOptions
from worker.contract.poses import PoseChunk
from worker.contract.reference_poses import ReferencePoses
from worker.exports.focus import FocusTrack, focus_track
from worker.exports.pose_log import Log, read_log
from worker.media.encoding.export import Report, export_video
from worker.media.rendering.hud import NO_HUD, Hud
from worker.media.rendering.overlay_track import Drawing
from worker.motion.analysis import Analysis
from worker.motion.frames.frames import HudFrame


def render_video(
    path: Path,
    log: Log,
    options: JobOptions,
    out: Path,
    *,
    threads: int = 1,
    report: Report = lambda _time_us: None,
    reference: ReferencePoses | None = None,
) -> AudioLoss | None:
    """Writes the video at `path` with skeleton and counter to `out`.

    Returns why the source's sound is not in it, None where it is or there is none; raises JobError.
    `report` is called now and then with the media time reached, in us; what it raises ends the
    export.
    """
    head, _ = read_log(log)
    return export_video(
        path, head.media, out, lambda: drawings(log, options, reference),
        threads=threads, report=report, skeleton=options.skeleton, blur_faces=options.blurFaces,
    )  # fmt: skip


def drawings(
    log: Log, options: JobOptions, reference: ReferencePoses | None = None
) -> Iterator[Drawing]:
    """The overlay of each analysed frame, in order.

    The whole log is analysed first, as faults are known only after the end of a rep; of that some
    150 bytes a frame are kept, and the poses are read anew as the drawings are consumed.
    """
    shown, summary = _analysed(log, options, reference)
    history = summary.history if summary else ()
    unit = unit_of(options.exercise, summary.exercise if summary else None)
    focus = focus_track(history) if options.skeleton else FocusTrack(())
    reps = _Reps(history) if unit == "reps" else None
    counted = options.exercise is not None or options.reference is not None
    huds = (Hud(one.counted, one.grade, one.progress, unit) for one in shown)
    for chunk in read_log(log)[1]:
        for bare in _poses(chunk, drawn=options.skeleton or options.blurFaces):
            hud = next(huds)
            if reps is not None:
                count, grade = reps.at(bare.time_us)
                hud = replace(hud, count=count, grade=grade)
            if bare.pose is not None:
                hud = replace(hud, focus=focus.bits_at(bare.time_us, len(bare.pose)))
            yield Drawing(bare.time_us, bare.pose, hud if counted else NO_HUD)


class _Reps:
    """Count over time, by the end times of the reps: the messages of some come later."""

    def __init__(self, history: tuple[Rep, ...]) -> None:
        counted = sorted((rep.endMs, rep.grade) for rep in history if rep.counted)
        self._ends = [1000 * end for end, _ in counted]
        self._grades: list[str | None] = [None, *(grade for _, grade in counted)]

    def at(self, time_us: int) -> tuple[int, str | None]:
        """The number of reps that have ended by a media time, and the grade of the last."""
        count = bisect_right(self._ends, time_us)
        return count, self._grades[count]


def _analysed(
    log: Log, options: JobOptions, reference: ReferencePoses | None
) -> tuple[list[HudFrame], ExerciseSummary | None]:
    """What the panel shows, frame by frame, and the summary."""
    head, chunks = read_log(log)
    quiet = msgspec.structs.replace(options, keypoints=False, angles=False, progression=False)
    analysis = Analysis(head, quiet, reference)
    shown: list[HudFrame] = []
    for chunk in chunks:
        analysis.feed(chunk)
        shown += analysis.take_hud()
    messages = (entry.message for entry in analysis.finish())
    summary = next((one for one in messages if isinstance(one, ExerciseSummary)), None)
    return shown + analysis.take_hud(), summary


def _poses(chunk: PoseChunk, *, drawn: bool) -> Iterator[Drawing]:
    for time_us, joints in zip(chunk.times_us.tolist(), chunk.keypoints, strict=True):
        yield Drawing(time_us, joints if drawn and joints[:, 2].any() else None)
