"""HTML page of an evaluation: figures by exercise, refusals, curves of the worst clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from worker.motion.features.body_segments import Floats
from worker.motion.reps.counter import Counted
from worker.motion.reps.signals import Rows
from worker.pipeline.evaluation import Figures, Outcome, by_exercise, figures_of, refusals_of

WIDE, TALL, MARGIN = 960, 150, 24
"""Width, height and margin of a chart in pixels."""

POINTS = 900
"""Most points of a curve."""

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1000px; color: #222 }
table { border-collapse: collapse } td, th { padding: .2rem .7rem; text-align: right }
td:first-child, th:first-child { text-align: left } tr:nth-child(even) { background: #f4f4f4 }
h3 { margin: 1.6rem 0 .2rem } p { margin: .2rem 0 } svg { background: #fafafa; width: 100% }
"""


@dataclass(frozen=True)
class Curve:
    """The progress signal of one clip and what was counted in it."""

    rows: Rows
    counted: Counted


def page_of(outcomes: Sequence[Outcome], curves: dict[str, Curve]) -> str:
    """The HTML page; `curves` are those of the clips to show, by name, the worst first."""
    rows = [("all", figures_of(outcomes))]
    rows += [(name, figures_of(some)) for name, some in by_exercise(outcomes).items()]
    table = "".join(_row(name, figures) for name, figures in rows)
    refusals = "".join(
        f"<tr><td>{escape(reason)}</td><td>{number}</td></tr>"
        for reason, number in refusals_of(outcomes).items()
    )
    by_clip = {outcome.label.clip: outcome for outcome in outcomes}
    worst = "".join(_clip(by_clip[name], curve) for name, curve in curves.items())
    return (
        f"<!doctype html><meta charset=utf-8><title>Evaluation</title><style>{_STYLE}</style>"
        "<h1>Evaluation</h1><table><tr><th>exercise<th>clips<th>exact<th>within one<th>MAE"
        f"<th>lost<th>invented</tr>{table}</table><h2>Movements that were not counted</h2>"
        f"<table>{refusals}</table><h2>Clips that are wrong</h2>{worst}"
    )


def _row(name: str, figures: Figures) -> str:
    cells = (
        str(figures.clips), f"{figures.exact:.3f}", f"{figures.within_one:.3f}",
        f"{figures.mae:.3f}", str(figures.lost), str(figures.invented),
    )  # fmt: skip
    return f"<tr><td>{escape(name)}{''.join(f'<td>{cell}' for cell in cells)}</tr>"


def _clip(outcome: Outcome, curve: Curve) -> str:
    label = outcome.label
    right = " or ".join(map(str, label.accept))
    said = outcome.error or f"counted {outcome.count}"
    return (
        f"<h3>{escape(label.clip)}: {escape(label.exercise)}</h3>"
        f"<p>{escape(said)}, right is {right}. {escape(label.view)}</p>{_picture(curve)}"
    )


def _picture(curve: Curve) -> str:
    seconds = curve.rows.seconds
    if not len(seconds):
        return ""
    start, span = float(seconds[0]), max(float(seconds[-1] - seconds[0]), 1e-6)
    across = MARGIN + (WIDE - 2 * MARGIN) * (seconds - start) / span
    lines, marks = "", ""
    for number, side in enumerate(curve.counted.sides):
        if side is not None:
            colour = ("#1f77b4", "#9467bd")[number]
            lines += _line(across, _down(side.curve), colour)
    for attempt in curve.counted.attempts:
        place = MARGIN + (WIDE - 2 * MARGIN) * (attempt.turn_s - start) / span
        colour = "#d62728" if attempt.reason else "#2ca02c"
        marks += (
            f'<circle cx="{place:.1f}" cy="12" r="5" fill="{colour}"><title>'
            f"{attempt.turn_s:.1f} s, {attempt.size:.2f}: {escape(attempt.reason or 'counted')}"
            "</title></circle>"
        )
    axis = f'<text x="{MARGIN}" y="{TALL - 4}" font-size="11">{start:.1f} s</text>'
    axis += (
        f'<text x="{WIDE - MARGIN}" y="{TALL - 4}" font-size="11" text-anchor="end">'
        f"{start + span:.1f} s</text>"
    )
    return f'<svg viewBox="0 0 {WIDE} {TALL}">{lines}{marks}{axis}</svg>'


def _down(curve: Floats) -> Floats:
    """Pixels from the top: 1.6 full reps at MARGIN, -0.2 at TALL - MARGIN."""
    share = (np.clip(curve, -0.2, 1.6) + 0.2) / 1.8
    down: Floats = TALL - MARGIN - (TALL - 2 * MARGIN) * share
    return down


def _line(across: Floats, down: Floats, colour: str) -> str:
    every = max(1, len(across) // POINTS)
    parts: list[str] = []
    pen = "M"
    for x, y in zip(across[::every].tolist(), down[::every].tolist(), strict=True):
        if y != y:
            pen = "M"
            continue
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return f'<path d="{"".join(parts)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
