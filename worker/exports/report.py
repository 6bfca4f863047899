"""The report: one self-contained HTML file, without scripts."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from worker.contract.exercises import unit_of
from worker.contract.message_parts import CriterionScore, Jump, Rep
from worker.contract.options import JobOptions
from worker.exercises.names import NAMES
from worker.exports.focus import worst_fault
from worker.exports.highlights import Highlights, KeyFrame
from worker.exports.poster import moment_picture
from worker.exports.report_charts import clock, curves
from worker.exports.report_criteria import compared, criteria_rows
from worker.exports.report_style import STYLE
from worker.exports.translations import TRANSLATIONS
from worker.motion.form import advice_on

_PICTURE_SIDE = 1080


def write_report(path: Path, story: Highlights, options: JobOptions, out: Path) -> None:
    """Writes the HTML report in the language of the options; raises JobError if nothing decodes."""
    out.write_text(report_page(story, options, _pictures(path, story, options)), "utf-8")


def report_page(story: Highlights, options: JobOptions, pictures: str = "") -> str:
    """The HTML page; `pictures` are its figures, as HTML."""
    words = TRANSLATIONS[options.language]
    name = escape(_name(story, options, words))
    parts = (
        f"<header><p>{escape(words['title'])}</p><h1>{name}</h1></header>",
        _totals(story, options, words),
        "" if story.result.personFrames else f"<p>{escape(words['nobody'])}</p>",
        f'<div class="pictures">{pictures}</div>' if pictures else "",
        _advice(story, words),
        _criteria(story, words, options.language),
        _reps(story, words),
        _jumps(story, words),
        _curves(story, words),
    )
    return (
        f'<!doctype html>\n<html lang="{options.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name} · {escape(words['title'])}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _name(story: Highlights, options: JobOptions, words: dict[str, str]) -> str:
    known = NAMES.get(story.judged_as or "") if options.exercise else None
    return known[options.language] if known else words["movement"]


def _totals(story: Highlights, options: JobOptions, words: dict[str, str]) -> str:
    result = story.result
    rows = [(words["duration"], clock(story.media.duration_ms / 1000))]
    if options.exercise is not None or options.reference is not None:
        unit = unit_of(options.exercise, story.summary.exercise if story.summary else None)
        value = result.seconds if unit == "seconds" and result.seconds else result.count
        rows.insert(0, (_capital(words[f"unit_{unit}"]), f"{value:g}"))
    if result.avgScore is not None:
        rows.append((words["average_score"], f"{result.avgScore:.0f}"))
    if result.grade:
        rows.append((words["grade_head"], _grade(result.grade)))
    shown = "".join(f"<div><dt>{escape(what)}</dt><dd>{value}</dd></div>" for what, value in rows)
    return f'<dl class="totals">{shown}</dl>'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _grade(grade: str) -> str:
    return f'<span class="grade {escape(grade)}">{escape(grade)}</span>'


def _pictures(path: Path, story: Highlights, options: JobOptions) -> str:
    words = TRANSLATIONS[options.language]
    titles = ("best", "weakest") if story.weakest else ("picture",)
    if story.weakest is None and story.best is not None and story.best.rep is not None:
        titles = ("best",)
    moments = (story.best, story.weakest)
    worse = story.weakest or story.best
    # highlight the same joints in both, for comparison
    fault = worst_fault(worse.rep) if worse is not None and worse.rep is not None else None
    return "".join(
        _picture(path, story, options, moment, words[title], fault)
        for title, moment in zip(titles, moments, strict=False)
    )


def _picture(
    path: Path,
    story: Highlights,
    options: JobOptions,
    moment: KeyFrame | None,
    title: str,
    fault: CriterionScore | None,
) -> str:
    focus = fault.joints if fault is not None else ()
    data = moment_picture(path, story.media, moment, options, _PICTURE_SIDE, focus=focus)
    about = [f"<b>{escape(title)}</b>"]
    if moment is not None:
        about.append(f"<span>{clock(moment.time_us / 1e6)}</span>")
        if moment.rep is not None:
            score = f"{moment.rep.formScore:.0f} {_grade(moment.rep.grade)}"
            about += [f"<span>#{moment.rep.index}</span>", f"<span>{score}</span>"]
            about += _said_of(moment.rep, fault, story.judged_as, options.language)
    source = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    return (
        f'<figure><img src="{source}" alt="{escape(title)}">'
        f"<figcaption>{''.join(about)}</figcaption></figure>"
    )


def _said_of(
    rep: Rep, fault: CriterionScore | None, exercise: str | None, language: str
) -> list[str]:
    """The advice on the fault, below the picture of a rep that has it."""
    own = worst_fault(rep)
    if fault is None or own is None or own.name != fault.name or exercise is None:
        return []
    sentence = advice_on(exercise, fault.name, language)
    return [f'<span class="fault">{escape(sentence)}</span>'] if sentence else []


def _advice(story: Highlights, words: dict[str, str]) -> str:
    if not story.advice:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in story.advice)
    return f"<section><h2>{escape(words['advice'])}</h2><ul>{items}</ul></section>"


def _criteria(story: Highlights, words: dict[str, str], language: str) -> str:
    rows = criteria_rows(story, language)
    if not rows:
        return ""
    heads = ["", *(f"#{rep.index}" for rep in compared(story))]
    return _table(words["criteria"], heads, rows)


def _reps(story: Highlights, words: dict[str, str]) -> str:
    history = story.summary.history if story.summary else ()
    if not history:
        return ""
    likeness = any(rep.referenceScore for rep in history)
    heads = [
        "number",
        "start",
        "length",
        "score",
        *(["likeness"] if likeness else []),
        "grade_head",
    ]
    rows = "".join(_rep(rep, words, likeness=likeness) for rep in history)
    return _table(words["each_rep"], [words[head] for head in heads], rows)


def _rep(rep: Rep, words: dict[str, str], *, likeness: bool) -> str:
    cells = [
        str(rep.index),
        _exact(rep.startMs / 1000),
        f"{rep.durationMs / 1000:.1f} s",
        f"{rep.formScore:.0f}",
    ]
    if likeness:
        cells.append(f"{100 * rep.referenceScore.overallScore:.0f}" if rep.referenceScore else "–")
    cells.append(_grade(rep.grade) if rep.counted else escape(words["not_counted"]))
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr>{row}</tr>" if rep.counted else f'<tr class="uncounted">{row}</tr>'


def _exact(seconds: float) -> str:
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _jumps(story: Highlights, words: dict[str, str]) -> str:
    if story.jumps is None or not story.jumps.jumps:
        return ""
    rows = "".join(
        f"<tr><td>{jump.jumpNumber}</td><td>{_height(jump)}</td>"
        f"<td>{'–' if jump.airTimeSeconds is None else f'{jump.airTimeSeconds:.2f} s'}</td></tr>"
        for jump in story.jumps.jumps
    )
    heads = [words[head] for head in ("number", "height", "air_time")]
    return _table(_capital(words["unit_jumps"]), heads, rows)


def _height(jump: Jump) -> str:
    if jump.jumpHeightCm is None:
        return "–"
    off = "" if jump.plusMinusCm is None else f" ± {jump.plusMinusCm:.1f}"
    return f"{jump.jumpHeightCm:.1f}{off} cm"


def _table(title: str, heads: list[str], rows: str) -> str:
    shown = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        f'<section><h2>{escape(title)}</h2><div class="table"><table>'
        f"<thead><tr>{shown}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _curves(story: Highlights, words: dict[str, str]) -> str:
    drawn = curves(story, words)
    if not drawn:
        return ""
    title = escape(words["angles"])
    return f'<section><h2>{title}</h2><div class="curves">{drawn}</div></section>'
