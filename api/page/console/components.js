/** @file Small parts that all of the console draws with. */

import { h } from "../js/dom.js";
import { Refusal, Unreachable } from "../js/api.js";

/**
 * A status as a coloured word.
 * @param {string} status
 */
export function chip(status) {
  return h("span", { class: "chip", "data-status": status }, status);
}

/**
 * A time as the reader's clock shows it; the exact one on demand.
 * @param {string | undefined} iso
 */
export function when(iso) {
  if (!iso) return h("span", {}, "–");
  const shown = new Date(iso).toLocaleString([], { dateStyle: "short", timeStyle: "medium" });
  return h("time", { datetime: iso, title: iso }, shown);
}

/**
 * @param {string} label
 * @param {Node | string | number | null | undefined} value nothing leaves the fact out
 */
export function fact(label, value) {
  if (value === null || value === undefined || value === "") return null;
  const shown = typeof value === "object" ? value : String(value);
  return h("div", {}, h("dt", {}, label), h("dd", {}, shown));
}

/**
 * What went wrong, in the server's words.
 * @param {unknown} error
 */
export function told(error) {
  if (error instanceof Refusal) return `${error.code}: ${error.message}`;
  if (error instanceof Unreachable) return "The server cannot be reached.";
  return String(error instanceof Error ? error.message : error);
}

/**
 * Shows a problem, or takes it away.
 * @param {HTMLElement} place
 * @param {string} text
 */
export function showProblem(place, text) {
  place.hidden = !text;
  place.textContent = text;
}

/**
 * @param {string} label
 * @param {() => void} run
 */
export function action(label, run) {
  return h("button", { type: "button", class: "button", onclick: run }, label);
}
