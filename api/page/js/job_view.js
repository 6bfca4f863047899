/** @file The page while a job goes on: its status line, its picture, and what it shows at the end. */

import { byId, setText } from "./dom.js";
import { Hud } from "./hud.js";
import { advice } from "./problems.js";
import { showDownloads, showNote, showReport } from "./report.js";
import { WARNINGS, isQuiet, watchRecord, withoutWorkers } from "./job_runner.js";
import { Scene } from "./playback_state.js";
import { Stage } from "./player.js";

/**
 * @typedef {Record<string, any>} Message
 * @typedef {import("./problems.js").Problem} Problem
 * @typedef {{api: import("./api.js").Api, say: import("./i18n.js").Say,
 *   view: import("./view.js").View, options: Record<string, any>, unit: string, title: string,
 *   exercises: Record<string, import("./page.js").Exercise>, name: string, seenFrom: string}} About
 *   `seenFrom`: the side from which it is filmed; `options` that the host asked for; `exercises` of
 *   which one is to be recognised; `name` of the file to download
 */

/** One file's picture and messages. */
export class Work {
  /** @param {About} about */
  constructor(about) {
    this._about = about;
    this.scene = new Scene();
    this._hud = new Hud(about.say, about.unit);
    this.stage = new Stage(this.scene, this._hud, {
      skeleton: about.options.skeleton !== false,
      onTime: (ms) => this._onTime(ms),
      onUnplayable: () => this._unplayable(true),
    });
    this._onTime = (/** @type {number} */ _ms) => {};
    /** @type {Problem | null} */
    this.lastError = null;
    /** @type {Problem | null} */
    this._warning = null;
    this._job = "";
    this._heard = Number.NEGATIVE_INFINITY;
    this._share = 0;
    this._rendering = false;
    this._over = new AbortController();
    this._unplayable(false);
  }

  /** @param {boolean} shown */
  _unplayable(shown) {
    byId("unplayable").hidden = !shown;
    setText(byId("unplayable"), shown ? this._about.say("cannot_play") : "");
  }

  /**
   * From here on the job's messages are shown, and its record where they stay away.
   * @param {string} job
   */
  begin(job) {
    const { api, say, view } = this._about;
    this._job = job;
    view.progress(say("waiting"), null);
    const due = () => this._rendering || isQuiet(this._heard, performance.now());
    watchRecord(api, job, due, (record) => this._tell(record), this._over.signal);
  }

  /**
   * What the job waits for, or how far it is.
   * @param {Record<string, any>} record
   */
  _tell(record) {
    const { say, view } = this._about;
    const count = record.queuePosition ?? 0;
    if (withoutWorkers(record)) view.progress(say("no_workers"), null);
    else if (this._rendering) view.progress(say("exporting"), record.exportProgress ?? null);
    else if (record.status === "running") this._progress(record);
    else view.progress(count > 0 ? say("waiting_behind", { count }) : say("waiting"), null);
  }

  /**
   * Takes a message in; it is shown when its moment is.
   * @param {string} id
   * @param {Message} message
   */
  add(id, message) {
    this._heard = performance.now();
    this.scene.add(id, message);
    if (message.type === "exercise_summary") this._recognise(message.exercise);
    if (message.type === "environment") this._learnMedia();
    else if (message.type === "initialization") this._progress(message);
    else if (message.type === "image_overlay") {
      this.stage.show(message.dataUrl, "image", { burnt: true });
      byId("image").alt = this._about.say("overlay_image");
    } else if (message.type === "error") this._error(message);
    else if (message.type === "export_ready") this._exported(message);
    else if (message.type === "exercise_summary" && this._about.options.export) this._render();
    else if (message.type === "jump_summary" && this._about.options.export) this._showResult();
    this.stage.advance();
  }

  /** @param {string} name of the exercise, which with `auto` is not known before */
  _recognise(name) {
    const found = this._about.exercises[name];
    if (!found) return;
    const { unit, view: seenFrom } = found;
    Object.assign(this._about, { unit, seenFrom, name, title: this._about.say(name) });
    this._hud.unit = unit;
  }

  async _learnMedia() {
    try {
      const record = await this._about.api.call(`v1/jobs/${this._job}`);
      if (record.media) this.scene.setMedia(record.media);
    } catch (error) {
      console.warn("the media's size is not known", error);
    }
  }

  /** @param {Record<string, any>} state a message or the job's record */
  _progress({ source, progress }) {
    const { say, view } = this._about;
    if (source === "image") view.progress(say("analysing"), null);
    else {
      this._share = Math.max(this._share, progress ?? 0);
      view.progress(say(this._share ? "analysing" : "loading"), this._share || null);
    }
  }

  /** @param {Message} message */
  _error(message) {
    const problem = { code: message.code, message: message.message, details: message.details };
    if (!WARNINGS.has(message.code)) this.lastError = problem;
    else if (message.code === "no_person_detected") this._warning = problem;
  }

  /** The analysis is over: its result is shown while the files to download are made. */
  _render() {
    const { say, view, title } = this._about;
    this._showResult();
    view.show("result", title);
    view.progress(say("exporting"), null);
    this._rendering = true;
  }

  /** @param {Message} message */
  _exported(message) {
    const { api, say, name } = this._about;
    showDownloads(api, this._job, this.scene.exports, name, say);
    if (message.kind === "video" && !this.stage.playable) {
      this._unplayable(false);
      this.stage.show(message.url, "video", { burnt: true });
    }
  }

  /** Everything that is known of what was counted. */
  _showResult() {
    const { say, unit, seenFrom } = this._about;
    const seek = (/** @type {number} */ ms) => this.stage.seek(ms);
    this._onTime = showReport(this.scene, unit, seenFrom, say, seek);
    const warnings = this.scene.summary?.warnings ?? [];
    showNote(this._warning && advice(this._warning, say), warnings, say);
    byId("choose-person").hidden = !((this.scene.summary?.people ?? 0) > 1 && this.stage.playable);
    this.stage.finish();
  }

  /** The job succeeded. */
  finish() {
    const { api, say, view, unit, title, name } = this._about;
    this._over.abort();
    this._showResult();
    showDownloads(api, this._job, this.scene.exports, name, say);
    view.show("done", title);
    const count = this.scene.summary?.counter ?? this.scene.final?.current_count;
    const total = unit && count !== undefined ? say(unit, { count }) : "";
    view.announce(`${say("finished")}. ${total}`);
  }

  /** The job says nothing more. */
  stop() {
    this._over.abort();
    this.stage.finish();
  }

  close() {
    this._over.abort();
    this.stage.close();
  }
}
