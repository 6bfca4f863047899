/** @file Queue and workers, as the server shows them to everybody. */

import { byId, replaceChildren } from "../js/dom.js";
import { fact } from "./components.js";

const LOOK_MS = 2000;

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

/**
 * Queues whose work waits: of those for poses one with a worker is enough.
 * @param {string[]} without a worker
 */
export function unserved(without) {
  const both = ["pose.cpu", "pose.gpu"].every((name) => without.includes(name));
  return without.filter((name) => both || !name.startsWith("pose."));
}

/**
 * A text of the server; empty where there is none.
 * @param {string} url
 */
async function ask(url) {
  try {
    return await (await fetch(url, { cache: "no-store" })).text();
  } catch {
    return "";
  }
}

/** @param {string} base */
async function look(base) {
  const [text, ready] = await Promise.all([
    ask(`${base}metrics`),
    ask(`${base}readyz`).then((found) => JSON.parse(found || "{}")).catch(() => ({})),
  ]);
  const jobs = samples(text, "posequeue_jobs", "state");
  const workers = samples(text, "posequeue_workers", "kind");
  const facts = [
    fact("queued", jobs.queued ?? "–"),
    fact("running", jobs.running ?? "–"),
    ...Object.entries(workers).map(([kind, count]) => fact(`${kind} workers`, count)),
    fact("no worker for", unserved(ready.workers?.queuesWithout ?? []).join(", ")),
    ...(ready.workers?.resting ?? []).map((/** @type {any} */ one) => fact(one.name, one.fault)),
  ];
  replaceChildren(byId("queue"), ...facts.filter((one) => one !== null));
}
