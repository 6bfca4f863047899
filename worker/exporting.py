"""Pictures of a job: the overlay video and the overlay image, drawn from its pose log."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from worker.contract.exercises import CATALOGUE
from worker.contract.messages import ImageOverlay
from worker.contract.options import JobOptions
from worker.contract.pose_log import END
from worker.contract.poses import LogHead, PoseChunk, decode_chunk, decode_head
from worker.contract.reference_poses import ReferencePoses
from worker.media.drawings import Drawing
from worker.media.export import Report, export_video
from worker.media.hud import NO_HUD, Hud
from worker.media.overlay_image import overlay_image
from worker.media.still import read_still
from worker.motion.analysis import Analysis
from worker.motion.hud import HudTrack

Log = Callable[[], Iterable[bytes]]
"""Reads a pose log from its beginning; as often as it is called."""


def read_log(log: Log) -> tuple[LogHead, Iterator[PoseChunk]]:
    """Head and chunks of a whole pose log, one at a time."""
    entries = iter(log())
    head = decode_head(next(entries))
    return head, (decode_chunk(entry) for entry in entries if entry != END)


def render_video(
    path: Path,
    log: Log,
    options: JobOptions,
    out: Path,
    *,
    threads: int = 1,
    report: Report = lambda _time_us: None,
    reference: ReferencePoses | None = None,
) -> None:
    """Writes the video at `path` with skeleton and counter to `out`; raises JobError.

    `report` is told every now and then how far it is, in us; what it raises ends the export.
    Memory does not grow with the clip.
    """
    head, _ = read_log(log)
    export_video(
        path, head.media, out, lambda: drawings(log, options, reference),
        threads=threads, report=report,
    )  # fmt: skip


def drawings(
    log: Log, options: JobOptions, reference: ReferencePoses | None = None
) -> Iterator[Drawing]:
    """What is drawn of each analysed frame, in order; the analysis runs as they are taken."""
    head, chunks = read_log(log)
    analysis = Analysis(head, options, reference)
    counted = options.exercise is not None or options.reference is not None
    seconds = options.exercise is not None and CATALOGUE[options.exercise].kind == "hold"
    waiting: deque[Drawing] = deque()  # frames whose panel is not known yet: about a second

    def ready() -> Iterator[Drawing]:
        for hud in _huds(analysis.take_hud(), seconds=seconds):
            bare = waiting.popleft()
            yield Drawing(bare.time_us, bare.pose, hud if counted else NO_HUD)

    for chunk in chunks:
        analysis.feed(chunk)
        waiting.extend(_poses(chunk, drawn=options.skeleton))
        yield from ready()
    analysis.finish()
    yield from ready()


def _poses(chunk: PoseChunk, *, drawn: bool) -> Iterator[Drawing]:
    for time_us, joints in zip(chunk.times_us.tolist(), chunk.keypoints, strict=True):
        yield Drawing(time_us, joints if drawn and joints[:, 2].any() else None)


def _huds(track: HudTrack, *, seconds: bool) -> Iterator[Hud]:
    rows = zip(track.count.tolist(), track.grade, track.progress.tolist(), strict=True)
    return (Hud(count, grade, progress, seconds) for count, grade, progress in rows)


def render_image(path: Path, log: Iterable[bytes], options: JobOptions) -> ImageOverlay:
    """The `image_overlay` of the still at `path`; raises JobError."""
    entries = list(log)
    joints = decode_chunk(entries[1]).keypoints[0]
    drawn = joints if options.skeleton and joints.any() else None
    media_type, data = overlay_image(read_still(path).image, drawn)
    return ImageOverlay(dataUrl=f"data:{media_type};base64,{base64.b64encode(data).decode()}")
