/** @file What came of it: the totals and a table whose rows lead to their moments. */

import { clockText, h } from "./dom.js";

/**
 * @typedef {Record<string, any>} Message
 * @typedef {import("./i18n.js").Say} Say
 * @typedef {{startMs: number, endMs: number, counted: boolean, cells: (string | HTMLElement)[]}} Row
 */

/**
 * @param {string} label
 * @param {string} value
 */
function fact(label, value) {
  return h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, value));
}

/**
 * A grade as a coloured letter.
 * @param {string} grade
 * @param {Say} say
 */
function badge(grade, say) {
  const name = say("grade", { grade });
  return h("span", { class: "grade", "data-grade": grade, role: "img", "aria-label": name }, grade);
}

/** @param {number} score */
function scoreCell(score) {
  const bar = h("span", { class: "meter", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(Math.max(0, Math.min(1, score / 100))));
  return h("span", { class: "score" }, String(Math.round(score)), bar);
}

/** @param {import("./playback_state.js").Scene} scene */
function countOf({ summary, final }) {
  return summary?.counter ?? final?.current_count ?? 0;
}

/**
 * Count and grade; nothing that was not done has a grade. Where nothing is counted, that it is over.
 * @param {import("./playback_state.js").Scene} scene
 * @param {string} unit
 * @param {Say} say
 */
export function totals(scene, unit, say) {
  const count = unit ? countOf(scene) : 0;
  const text = unit ? say(unit, { count }) : say("finished");
  const head = h("p", { class: "total" }, h("strong", {}, text));
  if (count && scene.summary?.grade) head.append(badge(scene.summary.grade, say));
  return head;
}

/**
 * The few numbers that matter beside them.
 * @param {import("./playback_state.js").Scene} scene
 * @param {Say} say
 */
export function facts(scene, say) {
  const { summary, jumps } = scene;
  const found = [];
  if (jumps?.maxJumpHeight) {
    const several = jumps.totalJumps > 1;
    found.push(fact(say(several ? "best" : "height"), centimetres(jumps.maxJumpHeight, say)));
    if (several) found.push(fact(say("average"), centimetres(jumps.avgJumpHeight, say)));
  }
  if (countOf(scene) && summary?.grade) {
    found.push(fact(say("average_score"), String(Math.round(summary.avg_rep_score))));
  }
  if (countOf(scene) && typeof summary?.avg_similarity === "number") {
    found.push(fact(say("likeness"), percent(summary.avg_similarity)));
  }
  const durationMs = summary?.durationMs ?? scene.durationMs;
  if (durationMs) found.push(fact(say("duration"), clockText(durationMs)));
  return found;
}

/** @param {number} length @param {Say} say */
function centimetres(length, say) {
  return `${say.number(length, 1)} cm`;
}

/** @param {number} share 0-1 */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** Reasons for which a rep was not counted, as messages give them. */
const REASONS = new Set([
  "too_shallow", "incomplete", "other_movement", "below_min_grade", "not_tracked", "cut_off",
]);

/** @param {Record<string, any>} rep */
function reasonOf(rep) {
  return REASONS.has(rep.reason) ? rep.reason : "";
}

/**
 * Why nothing was counted, and how to film it next time; nothing where something was.
 * @param {import("./playback_state.js").Scene} scene
 * @param {string} unit
 * @param {string} seenFrom
 * @param {Say} say
 */
export function why(scene, unit, seenFrom, say) {
  if (countOf(scene) > 0) return [];
  /** @type {Map<string, number>} */
  const attempts = new Map();
  for (const rep of scene.summary?.history ?? []) {
    attempts.set(reasonOf(rep), (attempts.get(reasonOf(rep)) ?? 0) + 1);
  }
  const told = [...attempts].map(([reason, count]) =>
    say(reason ? `why_${reason}` : "why_uncounted", { count }));
  const discarded = scene.timeline.all("jump_discarded").values.map(({ userMessage }) => userMessage);
  const advice = scene.timeline.at("recommendations", Number.POSITIVE_INFINITY)?.data ?? [];
  const film = say(seenFrom === "any" ? "film_any" : `film_${seenFrom}`);
  const reasons = [...told, ...discarded];
  const lines = new Set([...(reasons.length ? reasons : [say(`why_nothing_${unit}`)]), ...advice, film]);
  const whole = (/** @type {string} */ text) => (/[.!?…]$/.test(text) ? text : `${text}.`);
  return [h("ul", {}, ...[...lines].map((text) => h("li", {}, whole(text))))];
}

/**
 * @param {Message[]} history
 * @param {Say} say
 * @returns {{heads: string[], rows: Row[]}}
 */
function repRows(history, say) {
  const likeness = history.some((rep) => rep.referenceScore);
  const heads = [say("length"), say("score"), say("grade_head")];
  if (likeness) heads.push(say("likeness"));
  const rows = history.map((rep) => {
    const grade = rep.counted ? badge(rep.grade, say) : h("span", { class: "uncounted" }, say(reasonOf(rep) ? `not_${reasonOf(rep)}` : "not_counted"));
    const cells = [`${say.number(rep.durationMs / 1000, 1)} s`, scoreCell(rep.formScore), grade];
    if (likeness) cells.push(rep.referenceScore ? percent(rep.referenceScore.overallScore) : "–");
    return { startMs: rep.startMs, endMs: rep.endMs, counted: rep.counted, cells };
  });
  return { heads, rows };
}

/**
 * The height of a jump with its uncertainty; a dash in slow motion, which has none.
 * @param {Message} jump
 * @param {Say} say
 */
function heightText({ jumpHeightCm, plusMinusCm }, say) {
  if (typeof jumpHeightCm !== "number") return "–";
  const off = typeof plusMinusCm === "number" ? ` ± ${say.number(plusMinusCm, 1)}` : "";
  return `${say.number(jumpHeightCm, 1)}${off} cm`;
}

/**
 * Jumps with the moment of each take-off; one that was discarded has no row.
 * @param {import("./playback_state.js").Scene} scene
 * @param {Say} say
 * @returns {{heads: string[], rows: Row[]}}
 */
function jumpRows(scene, say) {
  const counted = scene.timeline.all("counter").times;
  const started = scene.timeline.all("jump_started").times;
  const rows = (scene.jumps?.jumps ?? []).map((/** @type {Message} */ jump, /** @type {number} */ index) => {
    const endMs = counted[index] ?? scene.timeline.end;
    const startMs = started.filter((ms) => ms <= endMs).pop() ?? endMs;
    const air = jump.airTimeMs === undefined ? "–" : `${Math.round(jump.airTimeMs)} ms`;
    return { startMs, endMs, counted: true, cells: [heightText(jump, say), air] };
  });
  return { heads: [say("height"), say("air_time")], rows };
}

/**
 * The table of reps, holds or jumps; `setTime` marks the row that is playing.
 * @param {import("./playback_state.js").Scene} scene
 * @param {string} unit
 * @param {Say} say
 * @param {(ms: number) => void} seek
 */
export function table(scene, unit, say, seek) {
  const jumps = unit === "jumps";
  const { heads, rows } = jumps ? jumpRows(scene, say) : repRows(scene.summary?.history ?? [], say);
  const title = say(jumps ? "each_jump" : unit === "seconds" ? "each_hold" : "each_rep");
  const lines = rows.map((row, index) => line(row, index + 1, say, seek));
  const head = [say("number"), say("start"), ...heads].map((text) => h("th", { scope: "col" }, text));
  const element = rows.length
    ? h(
        "div",
        { class: "scroll" },
        h("table", {}, h("caption", {}, title), h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...lines)),
      )
    : null;
  const setTime = (/** @type {number} */ ms) => {
    rows.forEach((row, index) => {
      lines[index].classList.toggle("playing", ms >= row.startMs && ms < row.endMs);
    });
  };
  return { element, rows, setTime };
}

/**
 * @param {Row} row
 * @param {number} number
 * @param {Say} say
 * @param {(ms: number) => void} seek
 */
function line(row, number, say, seek) {
  const time = clockText(row.startMs, say.number);
  const button = h(
    "button",
    {
      type: "button",
      class: "jump",
      "aria-label": say("go_to", { number: String(number), time }),
      onclick: (/** @type {Event} */ event) => {
        event.stopPropagation();
        seek(row.startMs);
      },
    },
    time,
  );
  return h(
    "tr",
    { class: row.counted ? null : "uncounted", onclick: () => seek(row.startMs) },
    h("th", { scope: "row" }, String(number)),
    h("td", {}, button),
    ...row.cells.map((cell) => h("td", {}, cell)),
  );
}
