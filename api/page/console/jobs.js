/** @file The list of jobs, newest first, kept up to date while it is looked at. */

import { byId, h, replaceChildren } from "../js/dom.js";
import { chip, when } from "./components.js";

const LOOK_MS = 3000;
const PAGE = 20;

/**
 * @typedef {Record<string, any>} Job
 */

/**
 * A result in few words.
 * @param {Job} job
 */
function resultText(job) {
  if (job.status === "running") return `${Math.round(job.progress * 100)} %`;
  if (job.status === "queued") return job.queuePosition ? `${job.queuePosition} before it` : "next";
  if (job.error) return job.error.code;
  if (!job.result) return "";
  const grade = job.result.grade ? `, ${job.result.grade}` : "";
  return job.source === "image" ? "image" : `${job.result.count}${grade}`;
}

/** The table of jobs. */
export class Jobs {
  /**
   * @param {import("../js/api.js").Api} api
   * @param {(id: string) => void} open
   */
  constructor(api, open) {
    this._api = api;
    this._open = open;
    this._older = 0;
    this._current = "";
    byId("status").onchange = () => this.look(0);
    byId("older").onclick = () => this.look(this._older + 1);
  }

  /** Looks again every few seconds. */
  async watch() {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (!document.hidden) await this.look(this._older).catch(() => {});
    }
  }

  /** @param {string} id of the job that is shown in full */
  mark(id) {
    this._current = id;
    for (const row of byId("jobs").children) {
      row.setAttribute("aria-current", String(row.dataset.id === id));
    }
  }

  /** @param {number} older how many pages beyond the first */
  async look(older) {
    this._older = older;
    const status = byId("status").value;
    const query = new URLSearchParams({ limit: String(PAGE), ...(status ? { status } : {}) });
    /** @type {Job[]} */
    const found = [];
    let next = "";
    for (let page = 0; page <= older; page += 1) {
      if (next) query.set("cursor", next);
      const answer = await this._api.call(`v1/jobs?${query}`);
      found.push(...answer.jobs);
      next = answer.next;
      if (!next) break;
    }
    replaceChildren(byId("jobs"), ...found.map((job) => this._row(job)));
    byId("no-jobs").hidden = found.length > 0;
    byId("older").hidden = !next;
    this.mark(this._current);
  }

  /** @param {Job} job */
  _row(job) {
    const name = h("button", { type: "button", class: "pick", onclick: () => this._open(job.id) }, job.id);
    const exercise = job.options.exercise ?? job.options.reference ?? "–";
    const cells = [name, chip(job.status), exercise, resultText(job), when(job.createdAt)];
    return h("tr", { "data-id": job.id }, ...cells.map((cell) => h("td", {}, cell)));
  }
}
