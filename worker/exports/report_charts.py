"""Angle curves of a report, as SVG."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from worker.contract.message_parts import Rep
from worker.exports.highlights import POINTS, Highlights

WIDTH, HEIGHT = 460, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 8, 10, 22  # room for the axes
_JOINTS = ("knee", "hip", "shoulder", "elbow")
_GRID = (0, 90, 180)
_LEAST_SEEN = 0.2
"""Share of the time of the best seen joint for which a joint must be seen to get a chart."""
_LONGEST_GAP_S = 0.4
"""Seconds for which a joint may be unseen before its line is interrupted."""


def curves(story: Highlights, words: dict[str, str]) -> str:
    """An SVG chart for each joint that was seen enough, left and right over the media's time."""
    seen = (~np.isnan(story.angles)).sum(axis=0)
    enough = _LEAST_SEEN * max(1, seen.max())
    return "".join(
        _figure(story, words, joint, story.angles[:, 2 * place], story.angles[:, 2 * place + 1])
        for place, joint in enumerate(_JOINTS)
        if seen[2 * place : 2 * place + 2].max() >= enough
    )


def _figure(
    story: Highlights,
    words: dict[str, str],
    joint: str,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
) -> str:
    seconds = story.media.duration_ms / 1000
    ranges = {"left": _range(left), "right": _range(right)}
    keys = "".join(
        f'<span class="key {side}">{escape(words[side])} {ranges[side]}</span>' for side in ranges
    )
    label = escape(", ".join(f"{words[side]} {ranges[side]}" for side in ranges))
    name = escape(words[joint])
    paths = "".join(
        f'<path class="{side}" d="{_path(values, seconds)}"/>'
        for side, values in (("left", left), ("right", right))
    )
    reps = story.summary.history if story.summary else ()
    return (
        f"<figure><figcaption><b>{name}</b>{keys}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}: {label}">'
        f"{_bands(reps, seconds)}{_axes(seconds)}{paths}</svg></figure>"
    )


def _x(share: float) -> float:
    return _LEFT + min(1.0, max(0.0, share)) * (WIDTH - _LEFT - _RIGHT)


def _y(degrees: float) -> float:
    return HEIGHT - _BOTTOM - degrees / 180 * (HEIGHT - _TOP - _BOTTOM)


def _path(values: NDArray[np.float64], seconds: float) -> str:
    places = np.flatnonzero(~np.isnan(values))
    longest = max(2.0, _LONGEST_GAP_S / max(seconds, 1e-3) * POINTS)
    breaks = np.diff(places, prepend=-2 * POINTS) > longest
    return "".join(
        f"{'M' if fresh else 'L'}{_x((place + 0.5) / POINTS):.1f} {_y(values[place]):.1f}"
        for place, fresh in zip(places.tolist(), breaks.tolist(), strict=True)
    )


def _range(values: NDArray[np.float64]) -> str:
    if np.isnan(values).all():
        return "–"
    return f"{np.nanmin(values):.0f}–{np.nanmax(values):.0f}°"


def _bands(reps: tuple[Rep, ...], seconds: float) -> str:
    drawn = []
    for rep in reps:
        start, end = (_x(ms / 1000 / max(seconds, 1e-3)) for ms in (rep.startMs, rep.endMs))
        kind = "band" if rep.counted else "band uncounted"
        drawn.append(
            f'<rect class="{kind}" x="{start:.1f}" width="{max(1.0, end - start):.1f}" '
            f'y="{_TOP}" height="{HEIGHT - _TOP - _BOTTOM}"/>'
        )
    return "".join(drawn)


def _axes(seconds: float) -> str:
    rows = "".join(
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_y(degrees):.1f}" y2="{_y(degrees):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(degrees) + 4:.1f}" text-anchor="end">{degrees}°</text>'
        for degrees in _GRID
    )
    marks = "".join(
        f'<text x="{_x(share):.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">'
        f"{clock(seconds * share)}</text>"
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    )
    return rows + marks


def clock(seconds: float) -> str:
    """Seconds as `m:ss`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
