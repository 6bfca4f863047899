"""How large a file may be, and the guards that every child gets."""

from __future__ import annotations

from dataclasses import dataclass

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpegts,mpeg,ogg,gif,apng,mxf,dv"
"""Demuxers that may be tried. Playlists, concat lists, image sequences, subtitles and vector
graphics are not among them: they name other files."""

PROTOCOLS = "fd"
"""The only way a child reads: the descriptor it was given."""

LONGEST_GAP_S = 10.0
"""Seconds between two frames of joined recordings beyond which the clock jumped."""

BACK_S = 0.1
"""A time this far behind the one before begins another recording: ffmpeg's own figure
(`ts_discontinuity_process`)."""


@dataclass(frozen=True)
class MediaLimits:
    """What is taken; beyond it is `media_too_large`. `max_pixels` is of one frame."""

    max_bytes: int = 4 << 30
    max_duration_s: float = 2 * 3600.0
    max_pixels: int = 8192 * 4352
    max_frames: int = 1_000_000

    def longest_gap_s(self, *, indexed: bool) -> float:
        """Seconds between two frames that were recorded as they are: a file with an index has one
        clock, and a screen that stands still gives no frames."""
        return self.max_duration_s if indexed else LONGEST_GAP_S


DEFAULT_LIMITS = MediaLimits()
