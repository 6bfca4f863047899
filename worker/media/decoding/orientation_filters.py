"""Filters that make an upright picture of square pixels in yuv420p out of stored frames."""

from __future__ import annotations

from typing import Any, NamedTuple

from worker.media.decoding.colour_tags import needs_tone_mapping
from worker.media.probing.probe import VideoInfo


class Filter(NamedTuple):
    """One filter of libavfilter: its name and arguments."""

    name: str
    arguments: dict[str, Any]

    @property
    def text(self) -> str:
        """The arguments as libavfilter parses them."""
        return ":".join(f"{key}='{value}'" for key, value in self.arguments.items())


_LIMITED = "limited"
# bars of the same width, on even pixels; nothing where the frame has the video's own size
_MIDDLE_X, _MIDDLE_Y = "2*trunc((ow-iw)/4)", "2*trunc((oh-ih)/4)"
_TURNS = {
    "": (),
    "turn180": ("hflip", "vflip"),
    "hflip": ("hflip",),
    "vflip": ("vflip",),
}


def even_size(video: VideoInfo) -> tuple[int, int]:
    """Size of the exported frames: 4:2:0 needs even sides, so an odd row or column is cut off."""
    return max(2, video.width // 2 * 2), max(2, video.height // 2 * 2)


def turning(turn: str) -> list[Filter]:
    """What lays a picture upright; `turn` is an `Orientation.turn`."""
    if turn in _TURNS:
        return [Filter(name, {}) for name in _TURNS[turn]]
    return [Filter("transpose", {"dir": turn})]


def whole(video: VideoInfo) -> list[Filter]:
    """Of frames that are two half-pictures, a whole picture for each of them; both in time."""
    if not video.parity:
        return []
    return [Filter("bwdif", {"mode": "send_field", "parity": video.parity, "deint": "all"})]


def scaled(video: VideoInfo, width: int, height: int, **how: str) -> list[Filter]:
    """Stored frames in planes of the given size, which is not turned: yuv420p, of odd sides
    yuv444p. Frames of another size than the video's own (a phone was turned, a stream adapts) get
    bars instead of being squeezed."""
    own = f"eq(iw,{video.stored_width})*eq(ih,{video.stored_height})"
    aspect = "iw*if(sar,sar,1)/ih"
    wide, high = f"min({width},{height}*{aspect})", f"min({height},{width}/({aspect}))"
    size = {"w": f"if({own},{width},max(1,{wide}))", "h": f"if({own},{height},max(1,{high}))"}
    # of 4:2:0 `pad` leaves an odd side's last row or column out
    pixels = "yuv444p" if width % 2 or height % 2 else "yuv420p"
    steps = [
        Filter("scale", {**size, "eval": "frame", **how}),
        Filter("format", {"pix_fmts": pixels}),
    ]
    pad = {"w": width, "h": height, "x": _MIDDLE_X, "y": _MIDDLE_Y, "eval": "frame"}
    return [*steps, Filter("pad", pad)]


def upright(video: VideoInfo) -> list[Filter]:
    """From stored frames, their brightness mapped already, to yuv420p of `even_size`."""
    width, height = even_size(video)
    shown = (video.width, video.height)
    before = shown[::-1] if video.rotation in (90, 270) else shown
    steps = [
        *scaled(video, *before, flags="bicubic", out_range=_LIMITED),
        *turning(video.turn),
    ]
    if shown == (width, height):
        return steps
    if min(shown) < 2:
        steps.append(Filter("scale", {"w": width, "h": height}))
    else:
        steps.append(Filter("crop", {"w": width, "h": height, "x": 0, "y": 0}))
    return [*steps, Filter("format", {"pix_fmts": "yuv420p"})]


def mapped(video: VideoInfo) -> list[Filter]:
    """HDR to SDR of BT.709; nothing where there is nothing to map.

    HLG is made to be shown as it is (ITU-R BT.2390, 5.3), only its primaries are converted; PQ
    is absolute light and goes through Hable's curve.
    """
    if not needs_tone_mapping(video):
        return []
    given = {
        "min": video.matrix or "bt2020nc",
        "pin": video.primaries or "bt2020",
        "rin": "full" if video.full_range else _LIMITED,
    }
    made = {"t": "bt709", "m": "bt709", "p": "bt709", "r": _LIMITED}
    if video.transfer == "arib-std-b67":
        return [
            Filter("zscale", {"tin": "bt709", **given, **made}),
            Filter("format", {"pix_fmts": "yuv420p"}),
        ]
    return [
        # primaries named twice: what a file does not tag stays unknown to the next filter
        Filter(
            "zscale",
            {"tin": video.transfer, **given, "t": "linear", "npl": 100, "p": given["pin"]},
        ),
        Filter("format", {"pix_fmts": "gbrpf32le"}),
        Filter("zscale", {"p": "bt709"}),
        Filter("tonemap", {"tonemap": "hable", "desat": 0}),
        Filter("zscale", made),
    ]
