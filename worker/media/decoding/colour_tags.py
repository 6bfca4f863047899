"""Colour tags of exported video: what the source has, in codes that encoders take."""

from __future__ import annotations

from dataclasses import dataclass

from worker.media.probing.ffmpeg_tools import maps_brightness
from worker.media.probing.probe import VideoInfo

# Codes of ITU-T H.273 by the names that ffmpeg gives them; 2 is "unspecified".
_MATRICES = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9}
_TRANSFERS = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "iec61966-2-1": 13, "bt2020-10": 14,
    "bt2020-12": 15,
}  # fmt: skip
_PRIMARIES = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "bt2020": 9, "smpte431": 11,
    "smpte432": 12,
}  # fmt: skip
_UNSPECIFIED = 2


@dataclass(frozen=True)
class Colours:
    """Colour tags in ffmpeg's names; what is not known is left unspecified."""

    matrix: str = ""
    transfer: str = ""
    primaries: str = ""

    def codes(self) -> tuple[int, int, int]:
        """Matrix, transfer and primaries in the numbers of ITU-T H.273."""
        return (
            _MATRICES.get(self.matrix, _UNSPECIFIED),
            _TRANSFERS.get(self.transfer, _UNSPECIFIED),
            _PRIMARIES.get(self.primaries, _UNSPECIFIED),
        )


def needs_tone_mapping(video: VideoInfo) -> bool:
    """Whether the export of this video is tone-mapped: it is HDR and this ffmpeg can."""
    return video.hdr and maps_brightness()


def output_colours(video: VideoInfo) -> Colours:
    """Colour tags of the export: the source's, BT.709 where brightness was mapped."""
    if needs_tone_mapping(video):
        return Colours("bt709", "bt709", "bt709")
    if not video.matrix or video.matrix in ("gbr", "unknown", "reserved"):
        made = video.pixel_format.startswith(("rgb", "bgr", "gbr", "pal", "argb", "abgr"))
        return Colours("smpte170m") if made else Colours()
    return Colours(video.matrix, video.transfer, video.primaries)


def is_bt709(video: VideoInfo) -> bool:
    """Whether players take the export's pixels for BT.709, else BT.601.

    Without a tag they take BT.709 for HD and BT.601 for less.
    """
    colours = output_colours(video)
    return colours.matrix == "bt709" or (not colours.matrix and video.height >= 720)
