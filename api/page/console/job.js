/** @file One job in full: what is known of it, and its messages as they are said. */

import { byId, h, replaceChildren, setText, sizeText } from "../js/dom.js";
import { follow } from "../js/follow.js";
import { action, chip, fact, showProblem, told, when } from "./components.js";

/** Messages that may come once a frame; left out unless they are wanted. */
const PER_FRAME = new Set(["keypoints", "angles", "progression", "form_score"]);
/** Rows kept in the list. */
const MOST = 1000;

/** The panel of the job that was chosen last. */
export class JobPanel {
  /**
   * @param {import("../js/api.js").Api} api
   * @param {() => void} changed
   */
  constructor(api, changed) {
    this._api = api;
    this._changed = changed;
    this._id = "";
    this._stop = new AbortController();
    byId("frames").onchange = () => this.open(this._id);
  }

  /** @param {string} id */
  async open(id) {
    this._stop.abort();
    this._stop = new AbortController();
    const { signal } = this._stop;
    this._id = id;
    byId("job").hidden = false;
    byId("job-head").textContent = id;
    replaceChildren(byId("messages"));
    showProblem(byId("job-problem"), "");
    try {
      await this._look();
      await this._follow(signal);
      await this._look();
      this._changed();
    } catch (error) {
      if (!signal.aborted) showProblem(byId("job-problem"), told(error));
    }
  }

  close() {
    this._stop.abort();
    byId("job").hidden = true;
  }

  /** @param {AbortSignal} signal */
  async _follow(signal) {
    const frames = byId("frames").checked;
    for await (const { id, message } of follow(this._api, this._id, "0-0", { signal, edition: "v3" })) {
      if (frames || !PER_FRAME.has(message.type)) this._add(id, message);
      if (message.type === "environment") await this._look();
    }
  }

  async _look() {
    const job = await this._api.call(`v1/jobs/${this._id}`);
    replaceChildren(byId("job-facts"), ...facts(job));
    replaceChildren(byId("job-actions"), ...this._actions(job));
    showProblem(byId("job-problem"), job.error ? `${job.error.code}: ${job.error.message}` : "");
  }

  /** @param {Record<string, any>} job */
  _actions(job) {
    const over = ["succeeded", "failed", "canceled"].includes(job.status);
    const cancel = () => this._act("POST", `v1/jobs/${job.id}/cancel`);
    const erase = async () => {
      await this._act("DELETE", `v1/jobs/${job.id}`);
      this.close();
      this._changed();
    };
    return [over ? action("Erase", erase) : action("Cancel", cancel)];
  }

  /** @param {string} method @param {string} path */
  async _act(method, path) {
    try {
      await this._api.call(path, { method, again: true });
      if (method !== "DELETE") await this._look();
    } catch (error) {
      showProblem(byId("job-problem"), told(error));
    }
  }

  /** @param {string} id @param {Record<string, any>} message */
  _add(id, message) {
    const list = byId("messages");
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
    const { type, ...rest } = message;
    const whole = h("pre", {});
    const row = h(
      "details",
      {
        ontoggle: () => {
          setText(whole, JSON.stringify(message, null, 2));
        },
      },
      h(
        "summary",
        {},
        h("span", { class: "place" }, id),
        h("span", { class: "type" }, type),
        h("span", { class: "brief" }, JSON.stringify(rest).slice(0, 300)),
      ),
      whole,
    );
    list.append(h("li", { "data-type": type }, row));
    if (list.children.length > MOST) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
}

/** @param {Record<string, any>} job */
function facts(job) {
  const { media, result, usage } = job;
  const options = Object.entries(job.options).filter(([, value]) => value !== false);
  const links = (job.exports ?? []).map((/** @type {any} */ one) =>
    h(
      "a",
      { href: one.url, target: "_blank", rel: "noopener" },
      `${one.kind} (${sizeText(one.bytes)}) `,
    ),
  );
  return [
    fact("Status", chip(job.status)),
    fact("Attempt", job.attempt || null),
    fact("Result", result && [result.count, result.grade, result.avgScore].filter((one) => one !== null && one !== undefined).join(" · ")),
    fact("Media", media && `${media.width}×${media.height}, ${(media.durationMs / 1000).toFixed(1)} s, ${Math.round(media.fps)} fps, ${media.codec}`),
    fact("Made", when(job.createdAt)),
    fact("Begun", job.startedAt && when(job.startedAt)),
    fact("Ended", job.finishedAt && when(job.finishedAt)),
    fact("Computing", usage?.computeSeconds ? `${usage.computeSeconds.toFixed(1)} s` : null),
    fact("Options", options.map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(", ")),
    fact("Exports", links.length ? h("span", {}, ...links) : null),
  ].filter((one) => one !== null);
}
