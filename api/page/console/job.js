/** @file One job in full: the upload page that shows it, what is known of it, and its messages. */

import { byId, h, replaceChildren, sizeText } from "../js/dom.js";
import { FileStore } from "../js/file_store.js";
import { follow } from "../js/follow.js";
import { action, chip, fact, showProblem, told, when } from "./components.js";
import { Messages } from "./messages.js";

/** The panel of the job that was chosen last. */
export class JobPanel {
  /**
   * @param {import("../js/api.js").Api} api
   * @param {string} token
   * @param {() => void} changed
   */
  constructor(api, token, changed) {
    this._api = api;
    this._token = token;
    this._changed = changed;
    this._id = "";
    this._messages = new Messages(false);
    this._stop = new AbortController();
    byId("frames").onchange = () => this.open(this._id, false);
  }

  /**
   * @param {string} id
   * @param {boolean} [anew] whether the page is loaded too
   */
  async open(id, anew = true) {
    this._stop.abort();
    this._stop = new AbortController();
    const { signal } = this._stop;
    this._id = id;
    byId("job").hidden = false;
    byId("job-head").textContent = id;
    this._messages = new Messages(byId("frames").checked);
    showProblem(byId("job-problem"), "");
    try {
      const job = await this._look();
      // another address would be an entry of the history
      if (anew) byId("job-page").contentWindow.location.replace(new URL(pageOf(job, this._token), window.location.href));
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
    byId("job-page").contentWindow.location.replace("about:blank");
  }

  /** @param {AbortSignal} signal */
  async _follow(signal) {
    for await (const { id, message } of follow(this._api, this._id, "0-0", { signal, edition: "v3" })) {
      this._messages.add(id, message);
      if (message.type === "environment") await this._look();
    }
  }

  async _look() {
    const job = await this._api.call(`v1/jobs/${this._id}`);
    replaceChildren(byId("job-facts"), ...facts(job));
    replaceChildren(byId("job-actions"), ...this._actions(job));
    showProblem(byId("job-problem"), job.error ? `${job.error.code}: ${job.error.message}` : "");
    // the upload page would only repeat the problem
    byId("job-page").hidden = ["failed", "canceled"].includes(job.status);
    if (job.media) this._messages.setMedia(job.media);
    return job;
  }

  /** @param {Record<string, any>} job */
  _actions(job) {
    const over = ["succeeded", "failed", "canceled"].includes(job.status);
    const cancel = () => this._act("POST", `v1/jobs/${job.id}/cancel`);
    const erase = async () => {
      await this._act("DELETE", `v1/jobs/${job.id}`);
      await new FileStore(window.indexedDB).forget(job.id);
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
}

/**
 * The upload page's address for a job that there is: it shows it, and takes no other file. What
 * stands behind the `#` no server sees.
 * @param {Record<string, any>} job
 * @param {string} token
 */
function pageOf(job, token) {
  const given = Object.entries(job.options).filter(([, value]) => value !== null);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  query.set("source", job.source);
  query.set("showUpload", "false");
  return `pose_tracker/upload_tracking?${query}#${new URLSearchParams({ token, job: job.id })}`;
}

/** @param {Record<string, any>} media */
function mediaText({ width, height, durationMs, fps, codec }) {
  const film = durationMs ? [`${(durationMs / 1000).toFixed(1)} s`, `${Math.round(fps)} fps`] : [];
  return [`${width}×${height}`, ...film, codec].filter(Boolean).join(", ");
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
    fact("Warnings", (job.warnings ?? []).join(", ")),
    fact("Attempt", job.attempt || null),
    fact("Result", result && [result.count, result.grade, result.avgScore].filter((one) => one !== null && one !== undefined).join(" · ")),
    fact("Media", media && mediaText(media)),
    fact("Made", when(job.createdAt)),
    fact("Begun", job.startedAt && when(job.startedAt)),
    fact("Ended", job.finishedAt && when(job.finishedAt)),
    fact("Computing", usage?.computeSeconds ? `${usage.computeSeconds.toFixed(1)} s` : null),
    fact("Options", options.map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(", ")),
    fact("Exports", links.length ? h("span", {}, ...links) : null),
  ].filter((one) => one !== null);
}
