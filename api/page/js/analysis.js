/** @file What is done with the file that was chosen: upload, job, result; the same after a reload. */

import { Refusal, Unreachable } from "./api.js";
import { byId } from "./dom.js";
import { languageOf } from "./i18n.js";
import { followJob, submit, withOwnWishes } from "./job_runner.js";
import { Work } from "./job_view.js";
import { typeOf } from "./media_types.js";
import { mediaUrl } from "./params.js";
import { fileProblem } from "./picker.js";
import { measure, stillOf } from "./pictures.js";
import { errorMessage, problemOf, uploadProblem } from "./problems.js";
import { randomId } from "./session.js";
import { isBegun, upload } from "./upload.js";

/**
 * @typedef {import("./problems.js").Problem} Problem
 * @typedef {import("./page.js").Parts} Parts
 * @typedef {import("./page.js").Asked} Asked
 * @typedef {{title: string, source: import("./picker.js").Source,
 *   startAgain: (problem?: string) => void, fail: (problem: Problem, again?: () => void) => void}} Around
 *   the page: `source` that is asked for, `startAgain` lets another file be chosen and says what was
 *   wrong with this one, `fail` shows what went wrong
 */

/** One file after the other; of each its picture, its upload and its job. */
export class Analysis {
  /**
   * @param {Parts} parts
   * @param {Asked} asked
   * @param {Around} around
   */
  constructor(parts, asked, around) {
    this._parts = parts;
    this._asked = asked;
    this._around = around;
    /** @type {Work | null} */
    this._work = null;
    this._stop = new AbortController();
  }

  /** Ends what goes on here and forgets the file; the job itself goes on. */
  close() {
    const { files, session, view } = this._parts;
    this._stop.abort();
    this._work?.close();
    this._work = null;
    files.forget(session.id);
    session.restart();
    view.connection(false);
  }

  /** Nothing more comes; what is shown stays. */
  stop() {
    this._work?.stop();
  }

  /**
   * A file that was chosen.
   * @param {File} file
   * @param {string} [label] of its progress
   */
  async take(file, label = "") {
    const { session, params, say } = this._parts;
    if (byId("app").dataset.state === "work") return undefined;
    const { source: wanted } = this._around;
    const wrong = fileProblem(file, wanted, this._asked.uploadBytes, say, languageOf(params.lang));
    if (wrong) return this._around.startAgain(wrong);
    session.restart();
    const source = typeOf(file).startsWith("image/") ? "image" : "video";
    session.save({ source, uploading: true });
    const work = this._begin(source); // at once: a second file may come in the same moment
    const { signal } = this._stop;
    const kept = this._parts.files.keep(session.id, file);
    const url = URL.createObjectURL(file);
    const size = await measure(url, source);
    if (signal.aborted) {
      URL.revokeObjectURL(url); // no stage has it
      return undefined;
    }
    work.stage.fitTo(size.aspect);
    work.stage.show(url, source);
    session.save({ aspect: size.aspect });
    this._keepPoster(kept, work, source);
    const id = await this._upload(file, label, source);
    return id && this._request({ uploadId: id }, source, size.seconds);
  }

  /**
   * The upload's id; nothing where it failed, which is told.
   * @param {File} file
   * @param {string} label
   * @param {"video" | "image"} source
   */
  async _upload(file, label, source) {
    const { api, say, view, session } = this._parts;
    const { begun } = session.saved;
    const text = label || say(isBegun(file, begun) ? "upload_resumed" : "uploading");
    view.progress(text, 0);
    try {
      return await upload(api, file, {
        signal: this._stop.signal,
        onProgress: (share) => view.progress(text, share),
        onConnection: (lost) => view.connection(lost),
        begun,
        onPart: (now) => session.save({ begun: now }),
      });
    } catch (error) {
      await this._broke(error, uploadProblem(error, source), () => this.take(file));
      return "";
    }
  }

  /** After a reload in the middle of an upload: whether it goes on, as the file is still here. */
  async uploadAgain() {
    const { session, files, say } = this._parts;
    const file = await files.find(session.id);
    if (file) this.take(file, say("upload_resumed"));
    else session.restart();
    return file !== null;
  }

  /** @param {string} url that the server fetches */
  async fetch(url) {
    const source = this._around.source === "image" ? "image" : "video";
    this._parts.session.save({ source });
    const size = await measure(url, source);
    this._begin(source, size.aspect).stage.show(url, source);
    await this._request({ url }, source, size.seconds);
  }

  /** After a reload: the same job. */
  async resume() {
    const { session, say, view } = this._parts;
    await this._beginAgain();
    if (!session.saved.over) view.announce(say("resumed"));
    await this._run();
  }

  async cancel() {
    const { api, session } = this._parts;
    const { job } = session.saved;
    if (!job) return this._around.startAgain();
    // the stream says that it was canceled, and the host hears it from there
    try {
      return await api.call(`v1/jobs/${job}/cancel`, { method: "POST", again: true });
    } catch (error) {
      return this._broke(error, problemOf(error), () => this._runAgain());
    }
  }

  /** The same file once more, with the person who is tapped in it. */
  async chooseSubject() {
    const { session, say } = this._parts;
    const { source = "video", body, aspect, poster } = session.saved;
    const point = await this._work?.stage.choosePoint(say("tap_person"));
    if (!point || !body) return;
    const subject = `${point.x.toFixed(3)},${point.y.toFixed(3)}`;
    this._stop.abort();
    session.restart();
    const again = { ...body, options: { ...body.options, subject } };
    session.save({ source, aspect, poster, key: randomId(), body: again });
    await this._runAgain();
  }

  /**
   * @param {"video" | "image"} source
   * @param {number | null} [aspect] of the picture, where it is known
   */
  _begin(source, aspect = null) {
    const { api, say, view } = this._parts;
    const { options, exercise, exercises } = this._asked;
    const video = source === "video";
    const counts = Boolean(options.exercise || options.reference);
    const unit = !video ? "" : (exercise?.unit ?? (counts ? "reps" : ""));
    const title = video ? this._around.title : say("page_title");
    const name = exercise?.id ?? "movement";
    const seenFrom = exercise?.view ?? "any";
    this._work?.close();
    this._stop = new AbortController();
    this._work = new Work({ api, say, view, options, exercises, unit, title, name, seenFrom });
    this._work.stage.fitTo(aspect);
    view.show("work", title);
    view.progress(say("preparing"), null);
    return this._work;
  }

  /** The session's picture: the file that is kept, the address, or a still. */
  async _beginAgain() {
    const { session, params, files } = this._parts;
    const { source = "video", aspect = null, poster } = session.saved;
    const file = await files.find(session.id);
    const work = this._begin(source, aspect);
    const url = file ? URL.createObjectURL(file) : mediaUrl(params);
    if (url) work.stage.show(url, source);
    else if (poster) work.stage.showPoster(poster);
  }

  /**
   * Of a video that is not kept a still is, for a reload.
   * @param {Promise<boolean>} kept
   * @param {Work} work
   * @param {"video" | "image"} source
   */
  async _keepPoster(kept, work, source) {
    if (source !== "video" || (await kept)) return;
    const poster = await stillOf(byId("video"));
    if (poster && this._work === work) this._parts.session.save({ poster });
  }

  /**
   * @param {Record<string, string>} input
   * @param {"video" | "image"} source
   * @param {number | null} seconds
   */
  async _request(input, source, seconds) {
    const { options, blocked } = this._asked;
    const counts = Boolean(options.exercise || options.reference);
    const wanted = withOwnWishes(options, blocked, source === "video", counts, seconds);
    const body = { input, options: wanted };
    this._parts.session.save({ uploading: false, begun: undefined, key: randomId(), body });
    await this._run();
  }

  /** The session's job from its request to its end. */
  async _run() {
    const { api, session, transport } = this._parts;
    const { signal } = this._stop;
    const work = /** @type {Work} */ (this._work);
    try {
      work.begin(session.saved.job ?? (await submit(api, session, signal)));
      const show = work.add.bind(work);
      const done = await followJob(api, session, this._asked.options, transport, show, signal);
      if (done.status === "succeeded") return work.finish();
      return this._around.fail(work.lastError ?? done.error ?? problemOf(done.status));
    } catch (error) {
      return this._broke(error, problemOf(error), () => this._runAgain());
    }
  }

  async _runAgain() {
    await this._beginAgain();
    await this._run();
  }

  /**
   * Something was thrown: the host has not heard of it yet.
   * @param {unknown} error
   * @param {Problem} problem
   * @param {() => void} again
   */
  async _broke(error, problem, again) {
    if (this._stop.signal.aborted) return;
    if (!(error instanceof Refusal || error instanceof Unreachable)) console.error(error);
    const { session, transport } = this._parts;
    await transport.ready;
    transport.send(errorMessage(problem));
    // what was refused is refused again; what found no server may go on where it was
    if (error instanceof Refusal && !session.saved.job) session.restart();
    this._around.fail(problem, error instanceof Unreachable ? again : undefined);
  }
}
