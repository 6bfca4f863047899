"""The table of form criteria: best and weakest rep side by side."""

from __future__ import annotations

from html import escape

from worker.contract.message_parts import CriterionScore, Rep
from worker.exports.focus import FAULT
from worker.exports.highlights import Highlights
from worker.motion.form.texts import CRITERION_NAMES

_UNITS = {"deg": "°", "ratio": "", "share": ""}


def criteria_rows(story: Highlights, language: str) -> str:
    """HTML table rows: each criterion judged in either rep, with the value and score of each."""
    reps = compared(story)
    found = [{one.name: one for one in rep.criteria or () if one.judged} for rep in reps]
    names = dict.fromkeys(one.name for rep in reps for one in rep.criteria or ())
    return "".join(
        f"<tr><td>{escape(CRITERION_NAMES[name][language])}</td>"
        f"{''.join(_cell(one.get(name)) for one in found)}</tr>"
        for name in names
        if any(name in one for one in found)
    )


def compared(story: Highlights) -> list[Rep]:
    """The reps in the columns of the table: the best and the weakest, where there are such."""
    return [frame.rep for frame in (story.best, story.weakest) if frame is not None and frame.rep]


def _cell(one: CriterionScore | None) -> str:
    if one is None or one.score is None:
        return "<td>–</td>"
    value = "" if one.value is None else f"{_value(one)} · "
    faulty = ' class="fault"' if one.score < FAULT else ""
    return f"<td{faulty}>{value}{one.score:.0f}</td>"


def _value(one: CriterionScore) -> str:
    assert one.value is not None
    number = f"{one.value:.0f}" if one.unit == "deg" else f"{one.value:.2f}"
    return number + _UNITS[one.unit]
