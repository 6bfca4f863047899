"""Pictures of a job: the overlay video and the overlay image, drawn from its pose log."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from worker.contract.exercises import CATALOGUE
from worker.contract.grades import Grade
from worker.contract.messages import ImageOverlay
from worker.contract.options import JobOptions
from worker.contract.pose_log import END
from worker.contract.poses import decode_chunk, decode_head
from worker.contract.reference_poses import ReferencePoses
from worker.media.export import HudAt, Report, export_video
from worker.media.hud import NO_HUD, Hud
from worker.media.overlay_image import overlay_image
from worker.media.still import read_still
from worker.media.track import PoseTrack
from worker.motion.analysis import Analysis
from worker.motion.hud import HudTrack


def render_video(
    path: Path,
    log: Iterable[bytes],
    options: JobOptions,
    out: Path,
    *,
    threads: int = 1,
    report: Report | None = None,
    reference: ReferencePoses | None = None,
) -> None:
    """Writes the video at `path` with skeleton and counter to `out`; raises JobError.

    `report` is told each frame's time in us; what it raises ends the export.
    """
    entries = iter(log)
    head = decode_head(next(entries))
    analysis = Analysis(head, options, reference)
    times, keypoints = [], []
    for entry in entries:
        if entry == END:
            break
        chunk = decode_chunk(entry)
        analysis.feed(chunk)
        times.append(chunk.times_us)
        keypoints.append(chunk.keypoints)
    analysis.finish()
    joints = np.concatenate(keypoints)
    if not options.skeleton:
        joints = np.zeros_like(joints)
    track = PoseTrack(np.concatenate(times), joints)
    hud = _hud_at(analysis.hud(), options)
    export_video(path, head.media, out, track, hud, threads=threads, report=report)


def _hud_at(track: HudTrack, options: JobOptions) -> HudAt:
    counted = options.exercise is not None or options.reference is not None
    if not counted or not len(track.times_us):
        return lambda _time_us: NO_HUD
    seconds = options.exercise is not None and CATALOGUE[options.exercise].kind == "hold"

    def at(time_us: int) -> Hud:
        row = max(0, int(np.searchsorted(track.times_us, time_us, side="right")) - 1)
        grade: Grade | str | None = track.grade[row]
        return Hud(int(track.count[row]), grade, float(track.progress[row]), seconds)

    return at


def render_image(path: Path, log: Iterable[bytes], options: JobOptions) -> ImageOverlay:
    """The `image_overlay` of the still at `path`; raises JobError."""
    entries = list(log)
    joints = decode_chunk(entries[1]).keypoints[0]
    drawn = joints if options.skeleton and joints.any() else None
    media_type, data = overlay_image(read_still(path).image, drawn)
    return ImageOverlay(dataUrl=f"data:{media_type};base64,{base64.b64encode(data).decode()}")
