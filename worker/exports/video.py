"""The overlay video of a job, drawn from its pose log."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from worker.contract.exercises import Unit, unit_of
from worker.contract.media import AudioLoss
from worker.contract.options import JobOptions
from worker.contract.poses import PoseChunk
from worker.contract.reference_poses import ReferencePoses
from worker.exports.pose_log import Log, read_log
from worker.media.encoding.export import Report, export_video
from worker.media.rendering.hud import NO_HUD, Hud
from worker.media.rendering.overlay_track import Drawing
from worker.motion.analysis import Analysis
from worker.motion.frames.overlay_values import HudTrack


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
    """Writes the video at `path` with skeleton and counter to `out`; returns why the source's sound
    is not in it, None where it is or there is none. Raises JobError.

    `report` is told every now and then how far it is, in us; what it raises ends the export.
    Memory does not grow with the clip.
    """
    head, _ = read_log(log)
    return export_video(
        path, head.media, out, lambda: drawings(log, options, reference),
        threads=threads, report=report, skeleton=options.skeleton, blur_faces=options.blurFaces,
    )  # fmt: skip


def drawings(
    log: Log, options: JobOptions, reference: ReferencePoses | None = None
) -> Iterator[Drawing]:
    """What is drawn of each analysed frame, in order; the analysis runs as they are taken."""
    head, chunks = read_log(log)
    analysis = Analysis(head, options, reference)
    counted = options.exercise is not None or options.reference is not None
    waiting: deque[Drawing] = deque()  # frames whose panel is not known yet: about a second

    def ready() -> Iterator[Drawing]:
        for hud in _huds(analysis.take_hud(), unit_of(options.exercise)):
            bare = waiting.popleft()
            yield Drawing(bare.time_us, bare.pose, hud if counted else NO_HUD)

    for chunk in chunks:
        analysis.feed(chunk)
        waiting.extend(_poses(chunk, drawn=options.skeleton or options.blurFaces))
        yield from ready()
    analysis.finish()
    yield from ready()


def _poses(chunk: PoseChunk, *, drawn: bool) -> Iterator[Drawing]:
    for time_us, joints in zip(chunk.times_us.tolist(), chunk.keypoints, strict=True):
        yield Drawing(time_us, joints if drawn and joints[:, 2].any() else None)


def _huds(track: HudTrack, unit: Unit) -> Iterator[Hud]:
    rows = zip(track.count.tolist(), track.grade, track.progress.tolist(), strict=True)
    return (Hud(count, grade, progress, unit) for count, grade, progress in rows)
