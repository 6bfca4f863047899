/** @file The end of a job on the page: totals, table, curves, download. */

import { Refusal } from "./api.js";
import { curves } from "./curves.js";
import { byId, h, replaceChildren, setText } from "./dom.js";
import { facts, table, totals, why } from "./results.js";
import { bridgeOf } from "./transport.js";

/** Exports up to this size are fetched, so that they are saved rather than opened. */
const MOST_BYTES = 300 * 1024 * 1024;

/**
 * @typedef {import("./i18n.js").Say} Say
 * @typedef {import("./playback_state.js").Scene} Scene
 */

/**
 * Fills the result section; gives what to call as the video's time changes.
 * @param {Scene} scene
 * @param {string} unit
 * @param {string} seenFrom the side from which the exercise is filmed
 * @param {Say} say
 * @param {(ms: number) => void} seek
 * @returns {(ms: number) => void}
 */
export function showReport(scene, unit, seenFrom, say, seek) {
  replaceChildren(byId("totals"), totals(scene, unit, say));
  replaceChildren(byId("facts"), ...(unit ? facts(scene, say) : []));
  const reasons = unit ? why(scene, unit, seenFrom, say) : [];
  byId("why").hidden = reasons.length === 0;
  replaceChildren(byId("why"), ...reasons);
  const found = table(scene, unit, say, seek);
  replaceChildren(byId("reps"), ...(found.element ? [found.element] : []));
  const series = scene.timeline.all("joint_angles");
  const durationMs = scene.durationMs || scene.timeline.end || 1;
  const drawn = curves(series, durationMs, found.rows, say, seek);
  byId("angles").hidden = drawn.figures.length === 0 || series.times.length < 2;
  replaceChildren(byId("curves"), ...drawn.figures);
  return (ms) => {
    found.setTime(ms);
    drawn.setTime(ms);
  };
}

/** Codes of `exercise_summary.warnings` that there are words for. */
const WARNINGS = new Set([
  "truncated", "second_track", "low_frame_rate", "audio_lost", "turned", "slow_motion",
  "hips_disagree", "damaged", "colour_lost",
]);

/**
 * What a person should know of the result, or nothing.
 * @param {{title: string, help: string} | null} note
 * @param {string[]} warnings codes of the summary
 * @param {Say} say
 */
export function showNote(note, warnings, say) {
  const known = warnings.filter((code) => WARNINGS.has(code)).map((code) => say(`warn_${code}`));
  const lines = [...(note ? [`${note.title} ${note.help}`] : []), ...known];
  byId("note").hidden = lines.length === 0;
  setText(byId("note"), lines.join(" "));
}

/** Endings of files by their type. */
const ENDINGS = new Map([
  ["video/mp4", "mp4"],
  ["text/html", "html"],
  ["image/jpeg", "jpg"],
  ["application/x-ndjson", "jsonl"],
  ["application/vnd.apache.parquet", "parquet"],
]);
/** In which order the kinds are offered. */
const KINDS = ["video", "report", "poster", "keypoints"];

/**
 * Buttons that save what was exported; addresses are signed anew at the click.
 * @param {import("./api.js").Api} api
 * @param {string} job
 * @param {Record<string, any>[]} exports the messages `export_ready`
 * @param {string} name of the files, without an ending
 * @param {Say} say
 */
export function showDownloads(api, job, exports, name, say) {
  const place = byId("download");
  const known = exports.filter((ready) => KINDS.includes(ready.kind));
  known.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  place.hidden = known.length === 0;
  replaceChildren(
    place,
    ...known.map((ready, place) => button(api, job, ready, name, say, place === 0)),
  );
}

/**
 * @param {import("./api.js").Api} api
 * @param {string} job
 * @param {Record<string, any>} ready
 * @param {string} name
 * @param {Say} say
 * @param {boolean} first
 */
function button(api, job, ready, name, say, first) {
  const ending = ENDINGS.get(ready.mimeType) ?? ready.kind;
  const file = `${name}.${ending}`;
  const what = say(ready.kind === "video" ? "download" : `download_${ready.kind}`);
  const text = ready.kind === "keypoints" ? `${what} (${ending})` : what;
  const label = h("span", {}, text);
  const link = h(
    "a",
    {
      class: first ? "button primary" : "button",
      href: ready.url,
      target: "_blank",
      rel: "noopener",
      download: file,
    },
    label,
  );
  link.addEventListener("click", async (event) => {
    // an app's WebView hands no blob on, and its download manager may fall over one
    if (ready.bytes > MOST_BYTES || bridgeOf(window)) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") === "true") return;
    link.setAttribute("aria-busy", "true");
    setText(label, say("downloading"));
    const url = await freshUrl(api, job, ready);
    await save(url, file);
    link.removeAttribute("aria-busy");
    setText(label, text);
  });
  return link;
}

/**
 * @param {import("./api.js").Api} api
 * @param {string} job
 * @param {Record<string, any>} ready
 * @returns {Promise<string>}
 */
async function freshUrl(api, job, ready) {
  try {
    const record = await api.call(`v1/jobs/${job}`);
    const same = (/** @type {any} */ one) =>
      one.kind === ready.kind && one.mimeType === ready.mimeType;
    return record.exports.find(same)?.url ?? ready.url;
  } catch (error) {
    if (!(error instanceof Refusal)) console.warn(error);
    return ready.url;
  }
}

/**
 * Saves an address as a file; opens it where that is not possible.
 * @param {string} url
 * @param {string} name
 */
async function save(url, name) {
  let address = url;
  try {
    const response = await fetch(url, { credentials: "omit" });
    if (!response.ok) throw new Error(String(response.status));
    address = URL.createObjectURL(await response.blob());
  } catch (error) {
    console.warn("opened instead of saved", error);
  }
  h("a", { href: address, download: name, target: "_blank", rel: "noopener" }).click();
  if (address !== url) setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
