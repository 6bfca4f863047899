/** @file Joint angles over time as small curves; a click goes to that moment. */

import { JOINTS } from "./angles.js";
import { h, s } from "./dom.js";

const WIDTH = 600;
const HEIGHT = 110;
/** Kept free above and below, so that a straight limb is not on the edge. */
const EDGE = 6;
/** Points of one line at most; more than a screen has columns says nothing more. */
const MOST = 400;
/** A gap of the joint longer than this is left open. */
const GAP_MS = 400;

/**
 * @typedef {{times: number[], values: Record<string, number>[]}} Series
 * @typedef {{startMs: number, endMs: number, counted: boolean}} Span
 */

/**
 * One side's line as an SVG path; the degrees 0-180 go from the bottom up.
 * @param {Series} series
 * @param {string} name such as `left_knee`
 * @param {number} durationMs
 */
export function linePath(series, name, durationMs) {
  const step = Math.max(1, Math.ceil(series.times.length / MOST));
  let path = "";
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < series.times.length; index += step) {
    const degrees = series.values[index][name];
    if (degrees === undefined) continue;
    const ms = series.times[index];
    const x = (ms / durationMs) * WIDTH;
    const y = HEIGHT - EDGE - (Math.min(180, degrees) / 180) * (HEIGHT - 2 * EDGE);
    path += `${ms - last > GAP_MS * step ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    last = ms;
  }
  return path;
}

/**
 * Smallest and largest angle, as text; a dash where there is none.
 * @param {Series} series
 * @param {string} name
 */
export function rangeText(series, name) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of series.values) {
    if (values[name] === undefined) continue;
    [low, high] = [Math.min(low, values[name]), Math.max(high, values[name])];
  }
  return low <= high ? `${Math.round(low)}–${Math.round(high)}°` : "–";
}

/**
 * Curves of every joint that was seen; `setTime` moves their line.
 * @param {Series} series
 * @param {number} durationMs
 * @param {Span[]} spans reps, shaded
 * @param {import("./i18n.js").Say} say
 * @param {(ms: number) => void} seek
 */
export function curves(series, durationMs, spans, say, seek) {
  /** @type {SVGElement[]} */
  const heads = [];
  const figures = JOINTS.map((joint) => {
    const paths = ["left", "right"].map((side) => linePath(series, `${side}_${joint}`, durationMs));
    if (!paths.some(Boolean)) return null;
    const head = s("line", { class: "playhead", x1: 0, x2: 0, y1: 0, y2: HEIGHT });
    heads.push(head);
    return figure(joint, paths, head, series, durationMs, spans, say, seek);
  });
  const setTime = (/** @type {number} */ ms) => {
    const x = String((Math.min(ms, durationMs) / durationMs) * WIDTH);
    for (const head of heads) {
      head.setAttribute("x1", x);
      head.setAttribute("x2", x);
    }
  };
  return { figures: figures.filter((one) => one !== null), setTime };
}

/**
 * @param {string} joint
 * @param {string[]} paths of left and right
 * @param {SVGElement} head
 * @param {Series} series
 * @param {number} durationMs
 * @param {Span[]} spans
 * @param {import("./i18n.js").Say} say
 * @param {(ms: number) => void} seek
 */
function figure(joint, paths, head, series, durationMs, spans, say, seek) {
  const [left, right] = ["left", "right"].map((side) => rangeText(series, `${side}_${joint}`));
  const name = say(joint);
  const bands = spans.map((span) =>
    s("rect", {
      class: span.counted ? "band" : "band uncounted",
      x: (span.startMs / durationMs) * WIDTH,
      width: Math.max(1, ((span.endMs - span.startMs) / durationMs) * WIDTH),
      y: 0,
      height: HEIGHT,
    }),
  );
  const picture = s(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": say("curve", { joint: name, left, right }),
      onclick: (/** @type {MouseEvent} */ event) => {
        const box = picture.getBoundingClientRect();
        seek(((event.clientX - box.left) / box.width) * durationMs);
      },
    },
    ...bands,
    s("line", { class: "middle", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    ...paths.map((path, index) => s("path", { class: index ? "right" : "left", d: path })),
    head,
  );
  const key = (/** @type {string} */ side, /** @type {string} */ text) =>
    h("span", { class: `key ${side}` }, `${say(side)} ${text}`);
  const caption = h("figcaption", {}, h("b", {}, name), key("left", left), key("right", right));
  return h("figure", { class: "curve" }, caption, picture);
}
