"""The export files of a job: their names, types and writers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from worker.contract.media import AudioLoss
from worker.contract.options import ExportKind, JobOptions
from worker.contract.reference_poses import ReferencePoses
from worker.exports.highlights import Highlights, collect_highlights
from worker.exports.keypoints import write_lines, write_parquet
from worker.exports.pose_log import Log
from worker.exports.poster import write_poster
from worker.exports.report import write_report
from worker.exports.video import render_video


@dataclass(frozen=True)
class ExportContext:
    """What exports are made of. `media` is needed by those with pictures; `report` is called now
    and then with the media time reached, in us, and what it raises ends the export."""

    log: Log
    options: JobOptions
    media: Path | None = None
    reference: ReferencePoses | None = None
    threads: int = 1
    report: Callable[[int], None] = lambda _time_us: None

    @cached_property
    def story(self) -> Highlights:
        """The highlights for report and poster, computed once."""
        return collect_highlights(self.log, self.options, self.reference)

    @property
    def path(self) -> Path:
        """The media file; raises ValueError where none is given."""
        if self.media is None:
            raise ValueError("this export is made of the media itself")
        return self.media


@dataclass(frozen=True)
class ExportFile:
    """One file: `make` writes it and returns why sound is missing, None if it is not; raises
    JobError."""

    kind: ExportKind
    name: str
    mime_type: str
    pictures: bool
    make: Callable[[ExportContext, Path], AudioLoss | None]


def _video(given: ExportContext, out: Path) -> AudioLoss | None:
    return render_video(
        given.path, given.log, given.options, out,
        threads=given.threads, report=given.report, reference=given.reference,
    )  # fmt: skip


def _report(given: ExportContext, out: Path) -> None:
    write_report(given.path, given.story, given.options, out)


def _poster(given: ExportContext, out: Path) -> None:
    write_poster(given.path, given.story, given.options, out)


def _lines(given: ExportContext, out: Path) -> None:
    write_lines(given.log, out)


def _parquet(given: ExportContext, out: Path) -> None:
    write_parquet(given.log, out)


FILES: tuple[ExportFile, ...] = (
    ExportFile("keypoints", "keypoints.jsonl", "application/x-ndjson", False, _lines),
    ExportFile("keypoints", "keypoints.parquet", "application/vnd.apache.parquet", False, _parquet),
    ExportFile("report", "report.html", "text/html", True, _report),
    ExportFile("poster", "poster.jpg", "image/jpeg", True, _poster),
    ExportFile("video", "video.mp4", "video/mp4", True, _video),
)
"""All files, the quickest to make first."""


def files_of(options: JobOptions) -> list[ExportFile]:
    """The files that a job's options ask for, in the order in which they are made."""
    return [file for file in FILES if file.kind in options.export_kinds]
