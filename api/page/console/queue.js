/** @file Queue and workers, from the Prometheus metrics that the server shows to everybody. */

import { byId, replaceChildren } from "../js/dom.js";
import { fact } from "./components.js";

const LOOK_MS = 3000;

/**
 * Samples of a metric by the value of one label; what another version lacks is left out.
 * @param {string} text Prometheus' text format
 * @param {string} name
 * @param {string} label
 * @returns {Record<string, number>}
 */
export function samples(text, name, label) {
  /** @type {Record<string, number>} */
  const found = {};
  for (const line of text.split("\n")) {
    const [, labels, value] = line.match(/^\w+\{(.*)\} (\S+)/) ?? [];
    if (labels === undefined || !line.startsWith(`${name}{`)) continue;
    const key = labels.match(new RegExp(`(?:^|,)${label}="([^"]*)"`))?.[1];
    if (key !== undefined) found[key] = (found[key] ?? 0) + Number(value);
  }
  return found;
}

/**
 * Shows them every few seconds while the page is looked at.
 * @param {string} base
 */
export async function watchQueue(base) {
  for (;;) {
    if (!document.hidden) await look(base);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** @param {string} base */
async function look(base) {
  let text = "";
  try {
    const answer = await fetch(`${base}metrics`, { cache: "no-store" });
    if (answer.ok) text = await answer.text();
  } catch {
    // shown as not known
  }
  const jobs = samples(text, "posequeue_jobs", "state");
  const workers = samples(text, "posequeue_workers", "kind");
  const facts = [
    fact("queued", jobs.queued ?? "–"),
    fact("running", jobs.running ?? "–"),
    ...Object.entries(workers).map(([kind, count]) => fact(`${kind} workers`, count)),
  ];
  replaceChildren(byId("queue"), ...facts.filter((one) => one !== null));
}
