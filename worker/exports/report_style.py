"""Style sheet of a report: light and dark, narrow and wide screens, print."""

from __future__ import annotations

from worker.media.rendering import theme


def _hex(colour: theme.Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


_GRADES = "".join(
    f".grade.{name} {{ background: {_hex(colour)}; }}\n" for name, colour in theme.GRADES.items()
)

STYLE = f"""
:root {{
  color-scheme: light dark;
  --paper: #ffffff; --card: #f5f7fa; --ink: #0f172a; --soft: #526077; --rule: #d8dee8;
  --left: #0284c7; --right: #c2570c; --band: rgb(16 185 129 / 0.16);
  --out: rgb(100 116 139 / 0.16);
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --paper: #0b1220; --card: #141d2f; --ink: #e8edf5; --soft: #9fadc4; --rule: #2a3750;
    --left: {_hex(theme.LEFT)}; --right: {_hex(theme.RIGHT)}; --band: rgb(52 211 153 / 0.18);
    --out: rgb(148 163 184 / 0.16);
  }}
}}
* {{ box-sizing: border-box; }}
body {{
  margin: 0 auto; padding: clamp(16px, 4vw, 48px); max-width: 1040px;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}}
header p, h1, h2 {{ margin: 0; }}
header p, .file {{ color: var(--soft); overflow-wrap: anywhere; }}
h1 {{ font-size: clamp(26px, 5vw, 38px); line-height: 1.2; letter-spacing: -0.01em; }}
h2 {{ font-size: 19px; margin: 40px 0 12px; }}
.totals {{ display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; padding: 0; }}
.totals div {{
  flex: 1 1 130px; padding: 14px 18px; border-radius: 14px; background: var(--card);
}}
.totals dt {{ color: var(--soft); font-size: 14px; }}
.totals dd {{ margin: 2px 0 0; font-size: 28px; font-weight: 650; line-height: 1.25; }}
.pictures {{ display: grid; gap: 16px; margin-top: 24px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); }}
figure {{ margin: 0; break-inside: avoid; }}
.pictures img {{ display: block; width: 100%; max-height: 560px; object-fit: contain;
  border-radius: 14px; background: var(--card); }}
figcaption {{ display: flex; flex-wrap: wrap; gap: 4px 14px; margin: 6px 0; color: var(--soft);
  font-size: 14px; }}
figcaption .fault {{ flex-basis: 100%; color: {_hex(theme.FOCUS)}; }}
figcaption b {{ color: var(--ink); }}
.table {{ overflow-x: auto; }}
table {{ width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 8px 10px; border-bottom: 1px solid var(--rule); text-align: right;
  white-space: nowrap; }}
th:first-child, td:first-child {{ text-align: left; }}
thead th {{ color: var(--soft); font-size: 14px; font-weight: 500; }}
td.fault {{ color: {_hex(theme.FOCUS)}; }}
tr.uncounted td {{ color: var(--soft); }}
tr {{ break-inside: avoid; }}
.grade {{ display: inline-block; min-width: 28px; padding: 0 8px; border-radius: 999px;
  text-align: center; font-weight: 700; color: #0f172a; }}
{_GRADES}
.curves {{ display: grid; gap: 20px 28px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); }}
.key::before {{ content: ""; display: inline-block; width: 16px; height: 3px; margin: 0 6px 4px 0;
  border-radius: 2px; background: currentcolor; }}
.key.left {{ color: var(--left); }} .key.right {{ color: var(--right); }}
svg {{ display: block; width: 100%; height: auto; border-radius: 10px; background: var(--card); }}
svg path {{ fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }}
svg .left {{ stroke: var(--left); }} svg .right {{ stroke: var(--right); }}
svg .band {{ fill: var(--band); }} svg .band.uncounted {{ fill: var(--out); }}
svg line {{ stroke: var(--rule); }} svg text {{ fill: var(--soft); font-size: 12px; }}
@media print {{
  :root {{ color-scheme: light; --paper: #fff; --card: #f5f7fa; --ink: #0f172a; --soft: #526077;
    --rule: #d8dee8; --left: #0284c7; --right: #c2570c; }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  body {{ padding: 0; max-width: none; font-size: 12px; }}
  h2 {{ margin-top: 24px; break-after: avoid; }}
  .pictures img {{ max-height: 300px; }}
  .curves {{ grid-template-columns: 1fr 1fr; }}
  @page {{ margin: 16mm; }}
}}
"""
"""The style sheet; colours of sides and grades are those of the overlay."""
